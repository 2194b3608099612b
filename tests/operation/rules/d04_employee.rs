//! D4: a manager without employee, an employee switched off, or one without numbers: each its own reason.

use call::Localized;
use std::sync::Arc;

use jiff::Timestamp;
use runtime::capabilities::directory::{Directory, Employee, Unavailable};
use test_support::{ANNA, CALLER, Scene};

/// A PBX whose own directory is out of reach.
struct OutOfReach;

#[async_trait::async_trait]
impl Directory for OutOfReach {
    async fn find(&self, _: u64, _: Timestamp, _: &mut Vec<Localized>) -> Result<Option<Employee>, Unavailable> {
        Err(Unavailable("the PBX's database is being restored".to_owned()))
    }
}

#[tokio::test]
async fn d04_a_directory_that_cannot_answer_is_a_reason_of_its_own() {
    let scene = Scene::new().await;
    let integration = (*scene.integrate()).clone().with_directory(Arc::new(OutOfReach));
    let outcome = scene.line(&Arc::new(integration)).await.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("directory-unavailable", "technical-failure"));
    assert!(outcome.has_note("directory"));
    assert!(outcome.everything_shown().contains("the PBX's database is being restored"));
}

#[tokio::test]
async fn d04_a_manager_whom_nobody_is_mapped_to() {
    let mut scene = Scene::new().await;
    scene.integration.employees.retain(|(user, _)| *user != ANNA);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("manager-has-no-employee", "configuration"));
    assert_eq!(outcome.detail("manager_user_id"), ANNA, "the details say who it is");
}

#[tokio::test]
async fn d04_an_employee_who_is_switched_off() {
    let mut scene = Scene::new().await;
    scene.change_employee(ANNA, |employee| employee.enabled = false);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("employee-off", "configuration"));
}

#[tokio::test]
async fn d04_an_employee_without_numbers() {
    let mut scene = Scene::new().await;
    scene.change_employee(ANNA, |employee| employee.destinations.clear());
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("employee-has-no-number", "configuration"));
}

#[tokio::test]
async fn d04_the_employee_is_looked_up_on_every_call() {
    let mut scene = Scene::new().await;
    scene.change_employee(ANNA, |employee| employee.enabled = false);
    scene.call(CALLER).await;
    scene.change_employee(ANNA, |employee| employee.enabled = true);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("cache")), "the manager was kept meanwhile");
}
