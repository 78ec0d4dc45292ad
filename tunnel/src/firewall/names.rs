//! Where programs ask for names: the exit's resolver, through the tunnel. systemd-resolved is told so where it runs; elsewhere
//! resolv.conf is replaced, and put back from a copy beside it, which also outlives a crash.

use super::tool::Tool;
use crate::{advice, tasks::on_disk};
use anyhow::{anyhow, Result};
use std::{
	fs, io,
	net::Ipv4Addr,
	os::unix::fs::{symlink, MetadataExt, PermissionsExt},
	path::{Path, PathBuf},
};

/// Where programs look.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Where systemd-resolved keeps its files while it runs.
const RESOLVED: &str = "/run/systemd/resolve";
/// What the name of a copy ends with.
const COPY: &str = ".before-weir-tunnel";
/// First line of a file of ours.
const OURS: &str =
	"# Written by weir-tunnel: names are looked up through the tunnel. The former file is beside this one.";

/// What has to be done for names to be looked up through the tunnel.
pub(super) struct Names {
	tun: String,
	resolver: Ipv4Addr,
	/// systemd-resolved answers programs that ask the system's library, whatever the file says.
	has_resolved: bool,
	/// None if the file leads to systemd-resolved.
	file: Option<ResolvConf>,
}

impl Names {
	/// Looks what this machine has.
	pub(super) async fn find(tun: &str, resolver: Ipv4Addr) -> Self {
		let has_resolved = Path::new(RESOLVED).exists() && Tool::Resolvectl.check().await.is_ok();
		let leads_there = is_resolveds(&fs::read_link(RESOLV_CONF).unwrap_or_default());
		let file = (!has_resolved || !leads_there).then(ResolvConf::of_this_machine);
		Self { tun: tun.into(), resolver, has_resolved, file }
	}

	pub(super) async fn set(&self) -> Result<()> {
		let Self { tun, resolver, .. } = self;
		if self.has_resolved {
			let resolver = resolver.to_string();
			Tool::Resolvectl.run(&["dns", tun, &resolver], "").await?;
			Tool::Resolvectl.run(&["domain", tun, "~."], "").await?;
			Tool::Resolvectl.run(&["default-route", tun, "yes"], "").await?;
		}
		self.keep().await
	}

	/// Sets the file again if somebody has changed it; what that was is what is put back. Of systemd-resolved the link is ours alone.
	pub(super) async fn keep(&self) -> Result<()> {
		let Some(file) = self.file.clone() else { return Ok(()) };
		let content = content(self.resolver);
		on_disk(move || file.set(&content)).await
	}

	/// What systemd-resolved was told goes away with the link.
	pub(super) async fn restore(&self) -> Result<()> {
		let Some(file) = self.file.clone() else { return Ok(()) };
		on_disk(move || file.restore().map(drop)).await
	}
}

/// Puts back what a process that was killed has replaced; whether there was anything.
pub(super) async fn restore_left() -> Result<bool> {
	on_disk(|| ResolvConf::of_this_machine().restore()).await
}

/// Whether a link leads to a file that systemd-resolved keeps.
fn is_resolveds(target: &Path) -> bool {
	target.to_string_lossy().contains("systemd/resolve/")
}

fn content(resolver: Ipv4Addr) -> String {
	format!("{OURS}\nnameserver {resolver}\n")
}

/// A resolv.conf and where its copy is kept.
#[derive(Clone)]
struct ResolvConf {
	path: PathBuf,
	copy: PathBuf,
}

fn at<'a>(path: &'a Path) -> impl Fn(io::Error) -> anyhow::Error + 'a {
	move |error| anyhow!("{}: {} ({error})", path.display(), advice::file(&error))
}

impl ResolvConf {
	fn at(path: PathBuf, beside: &Path) -> Self {
		let mut copy = beside.as_os_str().to_owned();
		copy.push(COPY);
		Self { path, copy: copy.into() }
	}

	/// The one of this mount namespace. `ip netns exec NAME` puts the files of /etc/netns/NAME over those of /etc: the copy lies
	/// beside that folder, and not where it would be taken for the machine's.
	fn of_this_machine() -> Self {
		let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
		let path = PathBuf::from(RESOLV_CONF);
		let is_same = |one: &Path| match (fs::metadata(one), fs::metadata(&path)) {
			(Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
			_ => false,
		};
		let from = mounted_from(&mounts, RESOLV_CONF).filter(|from| is_same(from));
		let beside = from.as_deref().and_then(Path::parent).unwrap_or(&path);
		Self::at(path.clone(), beside)
	}

	/// Whether what is there was written by [`Self::set`].
	fn is_ours(&self) -> bool {
		fs::read_to_string(&self.path).is_ok_and(|text| text.starts_with(OURS))
	}

	/// Keeps a copy of what is there, and only then replaces it.
	fn set(&self, content: &str) -> Result<()> {
		if fs::read_to_string(&self.path).is_ok_and(|text| text == content) {
			return Ok(());
		}
		if !self.is_ours() {
			self.keep_copy()?;
		}
		self.replace(content.as_bytes())
	}

	fn keep_copy(&self) -> Result<()> {
		let draft = draft_of(&self.copy);
		let _ = fs::remove_file(&draft);
		match fs::read_link(&self.path) {
			Ok(target) => symlink(target, &draft).map_err(at(&draft))?,
			Err(_) => {
				// Without a file there is nothing that could be put back but an empty one.
				let before = fs::read(&self.path).unwrap_or_default();
				write_whole(&draft, &before).map_err(at(&draft))?;
			}
		}
		fs::rename(&draft, &self.copy).map_err(at(&self.copy))
	}

	/// By a new file in its place; where one is mounted over it, that one is written.
	fn replace(&self, content: &[u8]) -> Result<()> {
		let draft = draft_of(&self.path);
		let renamed = write_whole(&draft, content).and_then(|()| fs::rename(&draft, &self.path));
		if renamed.is_err() {
			let _ = fs::remove_file(&draft);
			return write_whole(&self.path, content).map_err(at(&self.path));
		}
		Ok(())
	}

	/// Puts the copy back; whether there was one.
	fn restore(&self) -> Result<bool> {
		let Ok(copy) = fs::symlink_metadata(&self.copy) else { return Ok(false) };
		// Somebody else's is newer than the copy.
		if !self.is_ours() {
			fs::remove_file(&self.copy).map_err(at(&self.copy))?;
			return Ok(true);
		}
		let renamed = fs::rename(&self.copy, &self.path);
		if renamed.is_err() && !copy.file_type().is_symlink() {
			let before = fs::read(&self.copy).map_err(at(&self.copy))?;
			write_whole(&self.path, &before).map_err(at(&self.path))?;
			fs::remove_file(&self.copy).map_err(at(&self.copy))?;
			return Ok(true);
		}
		renamed.map_err(at(&self.path))?;
		Ok(true)
	}
}

fn draft_of(path: &Path) -> PathBuf {
	let mut draft = path.as_os_str().to_owned();
	draft.push(".new");
	draft.into()
}

/// On the disk when it returns.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
	use io::Write;
	let mut file = fs::File::create(path)?;
	// Every program reads it, whatever this one's umask is.
	file.set_permissions(fs::Permissions::from_mode(0o644))?;
	file.write_all(content)?;
	file.sync_all()
}

/// The file that is mounted over `path`, as a path of its own file system.
fn mounted_from(mounts: &str, path: &str) -> Option<PathBuf> {
	mounts.lines().rev().find_map(|line| {
		let mut fields = line.split(' ').skip(3);
		let (root, point) = (fields.next()?, fields.next()?);
		(point == path).then(|| PathBuf::from(root))
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	fn machine(before: &str) -> (tempfile::TempDir, ResolvConf) {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("resolv.conf");
		fs::write(&path, before).unwrap();
		let file = ResolvConf::at(path.clone(), &path);
		(folder, file)
	}

	fn ours() -> String {
		content([100, 64, 0, 1].into())
	}

	#[test]
	fn resolv_conf_should_be_put_back_when_it_was_replaced_once_or_by_two_processes() {
		let (_folder, file) = machine("nameserver 192.0.2.1\n");
		file.set(&ours()).unwrap();
		// The first one was killed: what it left is not taken for what was there.
		file.clone().set(&ours()).unwrap();
		assert_eq!(fs::read_to_string(&file.path).unwrap(), ours());
		assert!(file.restore().unwrap() && !file.restore().unwrap());
		assert_eq!(fs::read_to_string(&file.path).unwrap(), "nameserver 192.0.2.1\n");
		assert!(!file.copy.exists());
	}

	#[test]
	fn resolv_conf_should_be_the_newest_when_somebody_writes_it_meanwhile() {
		let (_folder, file) = machine("nameserver 192.0.2.1\n");
		file.set(&ours()).unwrap();
		fs::write(&file.path, "nameserver 192.0.2.2\n").unwrap();
		file.set(&ours()).unwrap();
		assert_eq!(fs::read_to_string(&file.path).unwrap(), ours());
		file.restore().unwrap();
		assert_eq!(fs::read_to_string(&file.path).unwrap(), "nameserver 192.0.2.2\n");
		// And what was written after the last look stays.
		file.set(&ours()).unwrap();
		fs::write(&file.path, "nameserver 192.0.2.3\n").unwrap();
		assert!(file.restore().unwrap());
		assert_eq!(fs::read_to_string(&file.path).unwrap(), "nameserver 192.0.2.3\n");
	}

	#[test]
	fn resolv_conf_should_be_a_link_again_when_it_was_one() {
		let (folder, file) = machine("");
		let target = folder.path().join("run");
		fs::write(&target, "nameserver 127.0.0.53\n").unwrap();
		fs::remove_file(&file.path).unwrap();
		symlink(&target, &file.path).unwrap();
		file.set(&ours()).unwrap();
		assert!(!fs::symlink_metadata(&file.path).unwrap().is_symlink());
		assert_eq!(fs::read_to_string(&target).unwrap(), "nameserver 127.0.0.53\n");
		file.restore().unwrap();
		assert_eq!(fs::read_link(&file.path).unwrap(), target);
	}

	#[test]
	fn copy_should_be_beside_the_folder_that_a_namespace_mounts() {
		let mounts = "22 1 0:5 / / rw - ext4 x rw\n\
			400 22 254:0 /etc/netns/a/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/root rw\n";
		let from = mounted_from(mounts, "/etc/resolv.conf").unwrap();
		assert_eq!(from, Path::new("/etc/netns/a/resolv.conf"));
		assert_eq!(mounted_from("22 1 0:5 / / rw - ext4 x rw\n", "/etc/resolv.conf"), None);
		let file = ResolvConf::at("/etc/resolv.conf".into(), from.parent().unwrap());
		assert_eq!(file.copy, Path::new("/etc/netns/a.before-weir-tunnel"));
	}

	#[test]
	fn resolved_should_be_known_by_its_link() {
		for (target, is) in [
			("../run/systemd/resolve/stub-resolv.conf", true),
			("/run/systemd/resolve/resolv.conf", true),
			("/run/NetworkManager/resolv.conf", false),
			("", false),
		] {
			assert_eq!(is_resolveds(Path::new(target)), is, "{target}");
		}
	}
}
