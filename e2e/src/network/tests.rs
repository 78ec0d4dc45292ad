use super::*;
use std::net::TcpStream;

/// A network whose machines are all elsewhere. Taken out of its namespace, one is at an address that nothing else uses.
fn alone(address: Ipv4Addr) -> Plan {
	let mut plan = crate::local::plan(Path::new("/nowhere")).unwrap();
	let lines = plan.lines.iter_mut().map(|line| &mut line.site);
	for site in plan.validators.iter_mut().chain(lines) {
		(site.namespace, site.address, site.node_address) = (Some("other".into()), address, address);
	}
	plan.customers.clear();
	plan
}

fn refusal(plan: &Plan) -> String {
	ensure_ports_are_free(plan).unwrap_err().to_string()
}

#[test]
fn providers_should_be_configured_to_claim_when_they_serve_customers() {
	use std::os::unix::fs::PermissionsExt;
	let folder = tempfile::tempdir().unwrap();
	let plan = crate::local::plan(folder.path()).unwrap();
	let configured = |line: &Line| {
		let state = folder.path().join(&line.name);
		fs::create_dir(&state).unwrap();
		prepare_provider(&plan, line, &[7; 32]).unwrap();
		weir_tunnel::config::Config::load(&state.join("config.toml")).unwrap().provide.unwrap().claim_key
	};
	let key = configured(&plan.lines[0]).unwrap();
	assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
	let secret = fs::read_to_string(key).unwrap();
	assert!(secret.trim().ends_with("//provider1//claims"), "{secret}");
	let mut measured = crate::local::plan(folder.path()).unwrap().lines.remove(1);
	measured.claims = None;
	assert_eq!(configured(&measured), None);
}

#[test]
fn start_should_be_refused_when_a_customers_proxy_has_no_port() {
	let mut plan = alone(Ipv4Addr::new(127, 77, 0, 4));
	let stranger = TcpListener::bind((Ipv4Addr::new(127, 77, 0, 4), 0)).unwrap();
	let std::net::SocketAddr::V4(taken) = stranger.local_addr().unwrap() else { panic!("IPv6") };
	plan.customers.push(Customer::new(0, 0, 1, taken).unwrap());
	assert!(refusal(&plan).contains(&taken.to_string()));
}

#[test]
fn start_should_be_refused_when_a_node_listens_already() {
	let mut plan = alone(Ipv4Addr::new(127, 77, 0, 1));
	let stranger = TcpListener::bind((plan.validators[0].node_address, 0)).unwrap();
	let taken = stranger.local_addr().unwrap();
	plan.validators[0].ports.rpc = taken.port();
	assert!(ensure_ports_are_free(&plan).is_ok(), "refused for what is in a namespace");
	plan.validators[0].namespace = None;
	let error = refusal(&plan);
	assert!(error.contains(&taken.to_string()) && error.contains("another network"), "{error}");
}

#[test]
fn start_should_be_refused_when_a_sidecar_listens_already() {
	let mut plan = alone(Ipv4Addr::new(127, 77, 0, 2));
	let place = (plan.lines[0].site.address, SIDECAR_PORT);
	plan.lines[0].site.namespace = None;
	ensure_ports_are_free(&plan).unwrap();
	let tcp = TcpListener::bind(place).unwrap();
	assert!(refusal(&plan).contains("127.77.0.2:9600"));
	drop(tcp);
	let _udp = UdpSocket::bind(place).unwrap();
	assert!(refusal(&plan).contains("127.77.0.2:9600"));
}

#[test]
fn start_should_be_allowed_when_a_connection_of_a_dead_process_lingers() {
	let mut plan = alone(Ipv4Addr::new(127, 77, 0, 3));
	let place = (plan.lines[0].site.address, SIDECAR_PORT);
	plan.lines[0].site.namespace = None;
	let listener = TcpListener::bind(place).unwrap();
	let far = TcpStream::connect(place).unwrap();
	// Who closes first is who keeps the port's connection for a minute.
	let (near, _) = listener.accept().unwrap();
	drop(near);
	drop(listener);
	drop(far);
	// A child that another test starts has the listener too until it becomes another program.
	let begun = std::time::Instant::now();
	while let Err(error) = ensure_ports_are_free(&plan) {
		assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
		std::thread::yield_now();
	}
}
