//! A node with one step, `main`, over the scene of the operation's tests.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use call::IncomingCall;
use node::versions::{By, Versions};
use node::{FinishedCall, Node, Observer, Placement, ToPlace};
use test_support::{CALLER, LINKED_OPERATION, Scene, engine};

pub(crate) use test_support::variant;

/// The step of the node.
pub(crate) const PLACEMENT: &str = "main";

/// Somebody who wants a version although it is another operation.
pub(crate) const INSISTING: By<'static> = By { name: "test", author: None, insists: true };

/// A node, its versions, and everything that observers were told.
pub(crate) struct Fixture {
    pub(crate) scene: Scene,
    pub(crate) node: Node,
    pub(crate) versions: Arc<Versions>,
    pub(crate) warnings: Vec<String>,
    pub(crate) told: Arc<Told>,
}

/// Remembers every call.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<FinishedCall>>);

impl Told {
    pub(crate) fn calls(&self) -> Vec<FinishedCall> {
        self.0.lock().expect("no panic").clone()
    }
}

impl Observer for Told {
    fn finished(&self, call: &FinishedCall) {
        self.0.lock().expect("no panic").push(call.clone());
    }
}

impl Fixture {
    pub(crate) async fn new(state: Option<&Path>) -> Self {
        Self::with(Scene::new().await, state, &[]).await
    }

    pub(crate) async fn with(scene: Scene, state: Option<&Path>, settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let told = Arc::new(Told::default());
        let node = Node::builder(scene.clock.clone()).integration("main", scene.integrate()).place(ToPlace {
            id: PLACEMENT,
            integration: "main",
            exits: LINKED_OPERATION.into(),
            settings,
            operation: scene.operation.clone(),
        });
        let node =
            node.await.expect("it fits").observer(Arc::clone(&told) as Arc<dyn Observer>).build().expect("a scenario");
        let (versions, warnings) = Versions::open(node.clone(), engine().clone(), state, None).await;
        let warnings = warnings.into_iter().map(|warning| warning.en).collect();
        Self { scene, node, versions: Arc::new(versions), warnings, told }
    }

    pub(crate) fn placement(&self) -> Arc<Placement> {
        Arc::clone(self.node.revision().placement(PLACEMENT).expect("the placement"))
    }

    /// The digest of the version in force.
    pub(crate) fn in_force(&self) -> String {
        self.placement().active().placed.operation().digest().to_string()
    }

    pub(crate) async fn call(&self, id: &str) -> FinishedCall {
        self.call_from(id, CALLER).await
    }

    pub(crate) async fn call_from(&self, id: &str, caller: &str) -> FinishedCall {
        let caller = (!caller.is_empty()).then(|| caller.into());
        let call =
            IncomingCall { id: id.to_owned(), caller, called: "+74951234567".to_owned(), ..IncomingCall::default() };
        self.node.resolve(&self.node.revision().first().expect("the placement"), call).await
    }

    /// Uploads a component and gives its digest.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> String {
        self.versions.upload(bytes).await.expect("it fits the contract").0.digest
    }
}

/// Waits until something is so, for at most half a minute.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
