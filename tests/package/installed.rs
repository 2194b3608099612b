//! A tree of Debian's with the package in it, in which programs run as on a machine of their own. No systemd runs there: a stand-in for
//! `systemctl` notes what the package asks of it, and does what concerns the server.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use amocrm_simulator::Simulator;
use tempfile::TempDir;
use test_support::client::TOKEN;

use crate::built::package;
use crate::machine::{self, output};

/// Where the first start writes it.
pub(crate) const CONFIGURATION: &str = "etc/host-harness/host-harness.toml";
/// Where maintainers' scripts find the stand-in before anything else.
const PATH: &str = "PATH=/opt/stand-in:/usr/sbin:/usr/bin:/sbin:/bin";
const ASKED: &str = "run/systemctl.log";
/// Files are the real one's. It tells the server to end where the package asks for a stop or a restart, as systemd does before it starts it again.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "$*" >>/run/systemctl.log
server=$(cat /run/host-harness.pid 2>/dev/null)
case " $* " in
*' --root=/ '*) exec /bin/systemctl "$@" ;;
*' is-enabled '*) exec /bin/systemctl --root=/ is-enabled host-harness.service ;;
*' is-active '*) [ -n "$server" ] && kill -0 "$server" ;;
*' stop '* | *' restart '*) [ -z "$server" ] || kill -TERM "$server" ;;
esac
"#;

pub(crate) struct Tree(TempDir);

impl Tree {
    /// One in which the package was installed a moment ago; none where this machine cannot make one.
    pub(crate) fn with_package() -> Option<Self> {
        let package = package()?;
        let base = debian()?;
        let tree = Self(tempfile::tempdir().expect("a folder"));
        output(Command::new("cp").args(["--archive", "--no-target-directory"]).args([base, tree.0.path()]));
        // What others write into a folder of root's alone they cannot reach.
        fs::set_permissions(tree.0.path(), fs::Permissions::from_mode(0o755)).expect("one's own folder");
        fs::create_dir_all(tree.path("opt/stand-in")).expect("a folder");
        tree.write("opt/stand-in/systemctl", SYSTEMCTL);
        fs::set_permissions(tree.path("opt/stand-in/systemctl"), fs::Permissions::from_mode(0o755)).expect("a file");
        // The server finds its own file there, and starts it again to compile a component.
        output(Command::new("mount").args(["-t", "proc", "proc"]).arg(tree.path("proc")));
        // A machine that systemd has started.
        fs::create_dir_all(tree.path("run/systemd/system")).expect("a folder");
        tree.dpkg("--install", package);
        Some(tree)
    }

    /// A file of the tree.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(file), bytes).expect("a file");
    }

    /// Gives a file to the server's user, for that user alone.
    pub(crate) fn give(&self, file: &str) {
        let (user, group) = self.user();
        chown(self.path(file), Some(user), Some(group)).expect("root gives files away");
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(0o600)).expect("a file");
    }

    /// Writes a configuration that is connected to this account.
    pub(crate) fn configure(&self, account: &Simulator) {
        for (file, secret) in [("amocrm-token", "an-amocrm-token"), ("token", TOKEN)] {
            let file = format!("etc/host-harness/{file}");
            self.write(&file, secret);
            self.give(&file);
        }
        let text = format!(
            "[[integration]]\naccount = \"{}\"\ntoken = \"file:amocrm-token\"\nplain_http = \"granted\"\nprivate_addresses = \"granted\"\n\
             [[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\
             [[operation]]\nlinked_operation = \"queue:sales\"\nsettings = {{ waiting_time = \"30s\" }}\n[server]\ntoken = \"file:token\"\n",
            account.base_url()
        );
        self.write(CONFIGURATION, text);
        self.give(CONFIGURATION);
    }

    /// The server's user and group, which the package made.
    pub(crate) fn user(&self) -> (u32, u32) {
        let users = self.read("etc/passwd");
        let line = users.lines().find(|line| line.starts_with("host-harness:")).expect("the package makes the user");
        let fields: Vec<&str> = line.split(':').collect();
        (fields[2].parse().expect("a number"), fields[3].parse().expect("a number"))
    }

    /// Has dpkg install a package of this machine's, or remove the one of the tree.
    pub(crate) fn dpkg(&self, action: &str, package: &Path) {
        let package = if package.is_absolute() {
            fs::copy(package, self.path("package.deb")).expect("a copy");
            Path::new("/package.deb")
        } else {
            package
        };
        let mut dpkg = Command::new("chroot");
        dpkg.arg(self.0.path()).args(["/usr/bin/env", "--ignore-environment", PATH, "LC_ALL=C"]);
        output(dpkg.args(["DEBIAN_FRONTEND=noninteractive", "dpkg", action]).arg(package));
    }

    /// What the package has asked of systemd since this was asked last.
    pub(crate) fn asked_of_systemd(&self) -> String {
        let asked = fs::read_to_string(self.path(ASKED)).unwrap_or_default();
        self.write(ASKED, "");
        asked
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path("proc")).status();
    }
}

/// A small Debian of the release of this machine, made once.
fn debian() -> Option<&'static Path> {
    static TREE: OnceLock<Option<TempDir>> = OnceLock::new();
    let tree = TREE.get_or_init(|| {
        if !machine::has("debootstrap", "debootstrap") || !machine::is_root() {
            return None;
        }
        let release = fs::read_to_string("/etc/os-release").expect("a release");
        let name = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).expect("its name");
        let tree = tempfile::tempdir().expect("a folder");
        let mut make = Command::new("debootstrap");
        output(make.args(["--variant=minbase", "--include=adduser,procps,systemd", name]).arg(tree.path()));
        Some(tree)
    });
    tree.as_ref().map(TempDir::path)
}
