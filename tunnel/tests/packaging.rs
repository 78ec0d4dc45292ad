//! The Debian package of the program that was just built: what is in it, that its parts agree with each other and with the
//! program, and what an installation makes and a purge leaves.

use std::{
	collections::BTreeSet,
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::Command,
};

const UNIT: &str = include_str!("../packaging/weir-tunnel.service");
const STATE: &str = "/var/lib/weir-tunnel";
const CONFIG: &str = "/etc/weir-tunnel/config.toml";
const PROGRAM: &str = env!("CARGO_BIN_EXE_weir-tunnel");

/// What a command says; it has to succeed.
fn said(command: &mut Command) -> String {
	let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
	let out = String::from_utf8(output.stdout).unwrap();
	let err = String::from_utf8(output.stderr).unwrap();
	assert!(output.status.success(), "{command:?}: {out}{err}");
	out
}

/// Values of a key of the unit.
fn unit(key: &str) -> Vec<&'static str> {
	UNIT.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

struct Package {
	folder: tempfile::TempDir,
	file: PathBuf,
}

impl Package {
	fn build() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/deb.sh");
		let mut command = Command::new(script);
		command.args(["--binary", PROGRAM, "--out"]).arg(folder.path());
		let file = PathBuf::from(said(&mut command).trim());
		Self { folder, file }
	}

	fn extracted(&self) -> PathBuf {
		let root = self.folder.path().join("root");
		said(Command::new("dpkg-deb").arg("-x").arg(&self.file).arg(&root));
		root
	}

	fn field(&self, name: &str) -> String {
		said(Command::new("dpkg-deb").arg("-f").arg(&self.file).arg(name)).trim().to_owned()
	}
}

fn files(folder: &Path, within: &Path, found: &mut BTreeSet<(String, u32)>) {
	for entry in fs::read_dir(folder).unwrap() {
		let path = entry.unwrap().path();
		if path.is_dir() {
			files(&path, within, found);
		} else {
			let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
			found.insert((format!("/{}", path.strip_prefix(within).unwrap().display()), mode));
		}
	}
}

#[test]
fn package_should_hold_the_program_the_unit_and_its_papers_and_nothing_secret() {
	let package = Package::build();
	let root = package.extracted();
	let mut found = BTreeSet::new();
	files(&root, &root, &mut found);
	let doc = |name: &str| (format!("/usr/share/doc/weir-tunnel/{name}"), 0o644);
	let expected = BTreeSet::from([
		("/etc/default/weir-tunnel".to_owned(), 0o644),
		("/usr/bin/weir-tunnel".to_owned(), 0o755),
		("/usr/lib/systemd/system/weir-tunnel.service".to_owned(), 0o644),
		doc("copyright"),
		doc("customer.md"),
		doc("example.toml"),
		doc("kernel-exit.conf"),
		doc("openapi.json"),
		doc("sidecar.md"),
	]);
	assert_eq!(found, expected);
	let version = said(Command::new(root.join("usr/bin/weir-tunnel")).arg("--version"));
	assert_eq!(version.trim(), format!("weir-tunnel {}", package.field("Version")));
	assert_eq!(package.field("Version"), env!("CARGO_PKG_VERSION"));
	let depends = package.field("Depends");
	assert!(depends.contains("nftables") && depends.contains("libc6 (>= 2."), "{depends}");
	let again = Package::build();
	assert_eq!(fs::read(&package.file).unwrap(), fs::read(&again.file).unwrap(), "it is reproducible");
}

#[test]
fn unit_should_agree_with_the_program_the_scripts_and_systemd() {
	let scripts = ["postinst", "prerm", "postrm"].map(|name| {
		fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name)).unwrap()
	});
	assert_eq!(unit("ExecStart"), [format!("/usr/bin/weir-tunnel run --config {CONFIG}")]);
	assert_eq!(unit("ConditionPathExists"), [CONFIG]);
	assert_eq!((unit("Type"), unit("StateDirectory")), (vec!["notify"], vec!["weir-tunnel"]));
	assert_eq!((unit("User"), unit("Group")), (vec!["weir-tunnel"], vec!["weir-tunnel"]));
	assert!(scripts[0].contains("user=weir-tunnel\n") && scripts[0].contains(&format!("state={STATE}\n")));
	assert!(scripts[2].contains(&format!("state={STATE}\n")));
	// Where the program looks and writes if it is told nothing.
	let help = said(Command::new(PROGRAM).args(["provide", "init", "--help"]));
	assert!(help.contains(&format!("[default: {CONFIG}]")) && help.contains(&format!("[default: {STATE}]")));
	assert!(said(Command::new(PROGRAM).args(["run", "--help"])).contains(&format!("[default: {CONFIG}]")));
	// No capability and no way to one.
	assert_eq!((unit("CapabilityBoundingSet"), unit("NoNewPrivileges")), (vec![""], vec!["yes"]));
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("weir-tunnel.service");
	// It is not installed here.
	fs::write(&file, UNIT.replace("/usr/bin/weir-tunnel", PROGRAM)).unwrap();
	let verify = || {
		let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
		let err = String::from_utf8(verified.stderr).unwrap();
		let is_ours = |line: &&str| line.contains("weir-tunnel.service") || line.contains("kernel-exit.conf");
		assert_eq!(err.lines().filter(is_ours).collect::<Vec<_>>(), Vec::<&str>::new());
		assert!(verified.status.success(), "{err}");
	};
	verify();
	let more = folder.path().join("weir-tunnel.service.d");
	fs::create_dir(&more).unwrap();
	fs::write(more.join("kernel-exit.conf"), include_str!("../packaging/kernel-exit.conf")).unwrap();
	verify();
}

/// In a copy of this machine's file system that forgets everything, without the network.
const INSTALLED: &str = r#"
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cp "$2" "$1/root/weir-tunnel.deb"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
# What it depends on may be missing here, and cannot be fetched.
chroot "$1/root" /bin/sh -ec '
install_it() { dpkg --force-depends -i /weir-tunnel.deb >/log 2>&1 || { cat /log; exit 1; }; }
install_it
stat -c "%A %U:%G %n" /etc/weir-tunnel /var/lib/weir-tunnel /var/lib/weir-tunnel/*
cat /var/lib/weir-tunnel/*.key | md5sum >/keys
install_it
cat /var/lib/weir-tunnel/*.key | md5sum -c --quiet /keys
dpkg --purge weir-tunnel >/log 2>&1
grep -c "is left: its keys are registered" /log
cat /var/lib/weir-tunnel/*.key | md5sum -c --quiet /keys
test ! -e /etc/default/weir-tunnel
install_it
rm /var/lib/weir-tunnel/*
dpkg --purge weir-tunnel >/log 2>&1
test ! -e /var/lib/weir-tunnel
echo gone
'
"#;

#[test]
fn installation_should_make_private_keys_once_and_a_purge_should_leave_them() {
	let package = Package::build();
	let mount = tempfile::tempdir().unwrap();
	let mut command = Command::new("unshare");
	command.args(["--mount", "--net", "sh", "-c", INSTALLED, "sh"]).arg(mount.path()).arg(&package.file);
	// Its output has the password file's warnings of the machine before; what is asked for comes last.
	let out = said(&mut command);
	let lines: Vec<_> = out.lines().collect();
	let expected = [
		"drwxr-x--- root:weir-tunnel /etc/weir-tunnel",
		"drwx------ weir-tunnel:weir-tunnel /var/lib/weir-tunnel",
		"-rw------- weir-tunnel:weir-tunnel /var/lib/weir-tunnel/identity.key",
		"-rw------- weir-tunnel:weir-tunnel /var/lib/weir-tunnel/probe.key",
		"1",
		"gone",
	];
	assert_eq!(lines, expected);
}
