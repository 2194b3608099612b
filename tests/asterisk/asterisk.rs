//! A running Asterisk, with the dialplan that ships and the least of the rest.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use test_support::client::{PATIENCE, TOKEN};

/// The dialplan, what it knows of host-harness, and the linked operations, as they ship.
const EXTENSIONS: &str = include_str!("../../host-harness/pbx/asterisk/extensions.conf");
const HOST_HARNESS: &str = include_str!("../../host-harness/pbx/asterisk/host-harness.conf");
const LINKED_OPERATIONS: &str = include_str!("../../host-harness/pbx/asterisk/linked-operations.conf");
/// What it says when it takes calls.
const READY: &str = "Asterisk Ready";
/// Modules that need a machine of their own, or databases.
const NOT_LOADED: [&str; 12] = [
    "chan_unistim.so",
    "chan_iax2.so",
    "pbx_dundi.so",
    "pbx_ael.so",
    "pbx_lua.so",
    "res_hep.so",
    "res_hep_pjsip.so",
    "res_hep_rtcp.so",
    "res_snmp.so",
    "res_odbc.so",
    "app_voicemail_imap.so",
    "app_voicemail_odbc.so",
];

/// Where the tree is that `tests/asterisk/get` unpacks, or the variable `ASTERISK` says; none where it is not.
pub(crate) fn tree() -> Option<PathBuf> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/asterisk");
    let tree = std::env::var_os("ASTERISK").map_or(usual, PathBuf::from);
    tree.join("usr/sbin/asterisk").is_file().then(|| tree.canonicalize().expect("it is there"))
}

/// The files that ship, by name, for this server and queue.
pub(crate) fn shipped(settings: &Settings<'_>) -> [(&'static str, String); 3] {
    let Settings { server: (agi, http), queue, .. } = settings;
    let known = HOST_HARNESS
        .replace("agi://127.0.0.1:4573", &format!("agi://{agi}"))
        .replace("http://127.0.0.1:8066", &format!("http://{http}"))
        .replace("= TOKEN", &format!("= {TOKEN}"))
        .replace("operation =\n", &format!("operation = {}\n", settings.operation));
    let linked = LINKED_OPERATIONS.replace("PJSIP/queue,", &format!("PJSIP/phones/sip:queue@{queue},"));
    [("extensions.conf", EXTENSIONS.to_owned()), ("host-harness.conf", known), ("linked-operations.conf", linked)]
}

/// What differs from test to test.
pub(crate) struct Settings<'a> {
    /// Where calls come in.
    pub(crate) listen: SocketAddr,
    /// Callers from here are asked for over FastAGI.
    pub(crate) agi_callers: IpAddr,
    /// Callers from here are asked for with `CURL()`.
    pub(crate) http_callers: IpAddr,
    /// The server's FastAGI and its HTTP.
    pub(crate) server: (SocketAddr, SocketAddr),
    /// Where the linked operation `queue:sales` rings.
    pub(crate) queue: SocketAddr,
    /// Where the telephones of the office are.
    pub(crate) desks: SocketAddr,
    /// The operation that is asked, where there are several.
    pub(crate) operation: &'a str,
    /// The contexts in which calls come in that are asked for over FastAGI and with `CURL()`.
    pub(crate) contexts: [&'a str; 2],
    /// The whole dialplan, where it is not the usual one: with `{dialplan}` and `{linked}` for the files that ship.
    pub(crate) whole: Option<&'a str>,
    /// Further lines of the dialplan.
    pub(crate) dialplan: &'a str,
    /// Further lines of pjsip.conf.
    pub(crate) pjsip: &'a str,
    /// Further files of the configuration, by name.
    pub(crate) files: Vec<(&'a str, String)>,
}

/// Ends with this value.
pub(crate) struct Asterisk {
    child: Child,
    home: PathBuf,
}

impl Asterisk {
    /// Starts it in this folder, which is made, and waits until it is ready.
    pub(crate) fn start(tree: &Path, home: &Path, settings: &Settings<'_>) -> Self {
        for folder in ["etc", "lib", "spool", "run", "log"] {
            fs::create_dir_all(home.join(folder)).expect("a folder");
        }
        let home = home.canonicalize().expect("a folder");
        for (name, text) in files(tree, &home, settings) {
            fs::write(home.join("etc").join(name), text).expect("a file");
        }
        for (name, text) in &settings.files {
            fs::write(home.join("etc").join(name), text).expect("a file");
        }
        let said = fs::File::create(home.join("said")).expect("a file");
        let library = tree.join("usr/lib/x86_64-linux-gnu");
        let mut command = Command::new(library.join("ld-linux-x86-64.so.2"));
        command.arg("--library-path").arg(&library).arg(tree.join("usr/sbin/asterisk"));
        // In the foreground, without colours, saying what the dialplan does.
        command.args(["-f", "-n", "-vvv", "-C"]).arg(home.join("etc/asterisk.conf"));
        command.stdin(Stdio::null()).stdout(said.try_clone().expect("a file")).stderr(said).process_group(0);
        let child = command.spawn().expect("Asterisk starts");
        let mut started = Self { child, home };
        let deadline = Instant::now() + PATIENCE;
        while !started.said().contains(READY) {
            assert!(started.child.try_wait().expect("a process").is_none(), "it ended: {}", started.said());
            assert!(Instant::now() < deadline, "it does not start: {}", started.said());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        started
    }

    /// A folder with a command `asterisk` that speaks to this one, as the real one does to the machine's.
    pub(crate) fn commands(&self, tree: &Path) -> PathBuf {
        let folder = self.home.join("bin");
        fs::create_dir_all(&folder).expect("a folder");
        let library = tree.join("usr/lib/x86_64-linux-gnu");
        let script = format!(
            "#!/bin/sh\nexec {lib}/ld-linux-x86-64.so.2 --library-path {lib} {tree}/usr/sbin/asterisk -C {home}/etc/asterisk.conf \"$@\"\n",
            lib = library.display(),
            tree = tree.display(),
            home = self.home.display(),
        );
        fs::write(folder.join("asterisk"), script).expect("a file");
        let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.join("asterisk"), runs).expect("a command");
        folder
    }

    /// Where its configuration is.
    pub(crate) fn etc(&self) -> PathBuf {
        self.home.join("etc")
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        // What it prints comes late, when its buffer is full.
        let read = |name: &str| fs::read(self.home.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&[read("said"), read("log/messages")].concat()).into_owned()
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// The errors since it was ready. Before that it misses files for modules that nothing here uses.
    pub(crate) fn errors(&self) -> Vec<String> {
        let said = self.said();
        let since = said.split_once(READY).map_or(said.as_str(), |(_, since)| since);
        since.lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect()
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn files(tree: &Path, home: &Path, settings: &Settings<'_>) -> [(&'static str, String); 6] {
    let Settings { listen, agi_callers, http_callers, desks, dialplan, pjsip, .. } = settings;
    let [agi_context, http_context] = settings.contexts;
    let (home, tree) = (home.display(), tree.display());
    let not_loaded: String = NOT_LOADED.iter().map(|module| format!("noload = {module}\n")).collect();
    let [(_, ours), (_, known), (_, linked)] = shipped(settings);
    let office = format!("[office]\nexten => _1XX,1,Dial(PJSIP/phones/sip:${{EXTEN}}@{desks},20)\n{dialplan}");
    let whole = settings.whole.unwrap_or("{dialplan}\n{linked}\n{office}");
    let whole = whole.replace("{dialplan}", &ours).replace("{linked}", &linked).replace("{office}", &office);
    [
        (
            "asterisk.conf",
            format!(
                "[directories]\nastetcdir = {home}/etc\nastmoddir = {tree}/usr/lib/x86_64-linux-gnu/asterisk/modules\n\
                 astvarlibdir = {home}/lib\nastdbdir = {home}/lib\nastkeydir = {home}/lib\n\
                 astdatadir = {tree}/usr/share/asterisk\nastagidir = {home}/lib\nastspooldir = {home}/spool\n\
                 astrundir = {home}/run\nastlogdir = {home}/log\nastcachedir = {home}/run\n"
            ),
        ),
        ("modules.conf", format!("[modules]\nautoload = yes\n{not_loaded}")),
        ("logger.conf", "[general]\n[logfiles]\nmessages = notice,warning,error,verbose(3)\n".to_owned()),
        (
            "pjsip.conf",
            format!(
                "[udp]\ntype = transport\nprotocol = udp\nbind = {listen}\n\
                 [trunk-agi]\ntype = endpoint\ncontext = {agi_context}\ndisallow = all\nallow = alaw\ntrust_id_inbound = yes\n\
                 direct_media = no\n\
                 [from-agi]\ntype = identify\nendpoint = trunk-agi\nmatch = {agi_callers}\n\
                 [trunk-http]\ntype = endpoint\ncontext = {http_context}\ndisallow = all\nallow = alaw\n\
                 trust_id_inbound = yes\ndirect_media = no\n\
                 [from-http]\ntype = identify\nendpoint = trunk-http\nmatch = {http_callers}\n\
                 [phones]\ntype = endpoint\ncontext = office\ndisallow = all\nallow = alaw\ndirect_media = no\n{pjsip}"
            ),
        ),
        ("host-harness.conf", known),
        ("extensions.conf", whole),
    ]
}
