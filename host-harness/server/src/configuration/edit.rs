//! What of the configuration can be changed: one thing at a time, named as in the configuration.

use std::collections::BTreeMap;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A change.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Places another operation, behind the others.
    AddOperation(NewOperation),
    /// Changes a placed operation.
    ChangeOperation(String, OperationPatch),
    /// Takes a placed operation away.
    RemoveOperation(String),
    /// Changes an integration.
    ChangeIntegration(String, IntegrationPatch),
    /// Adds or changes an employee: integration, employee.
    PutEmployee(String, String, EmployeeEdit),
    /// Takes an employee away: integration, employee.
    RemoveEmployee(String, String),
    /// Several of these, as one change. The field of a refusal begins with the place of the one at fault: `/0/numbers/0/number`.
    Several(Vec<Edit>),
}

/// An operation that is to be placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOperation {
    /// Its identifier, unique here.
    pub id: String,
    /// The integration's identifier; may be left out where there is only one.
    pub integration: Option<String>,
    /// The SHA-256 of an uploaded component, or the name of a built-in one, such as `working-hours`; `forward-to-personal-manager` unless set.
    pub component: Option<String>,
    /// Where calls go for whose reason there is no other exit.
    pub linked_operation: String,
    /// Where others go, by the code of their reason, its class, or `not-answered`.
    #[serde(default)]
    pub exits: BTreeMap<String, String>,
    /// Its settings; those left out are as the component describes them.
    #[serde(default)]
    pub settings: BTreeMap<String, Scalar>,
}

/// What of a placed operation is to change (RFC 7396): what is left out stays, `null` takes a key away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationPatch {
    /// Where calls go for whose reason there is no other exit. It cannot be taken away.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub linked_operation: Option<String>,
    /// The integration's identifier; `null` takes it away, where there is only one.
    #[serde(default, deserialize_with = "sent", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub integration: Option<Option<String>>,
    /// Exits.
    #[serde(default)]
    pub exits: BTreeMap<String, Option<String>>,
    /// Settings.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Scalar>)]
    pub settings: BTreeMap<String, Option<Scalar>>,
}

/// What of an integration is to change (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationPatch {
    /// Whether it is switched on; so where `null` takes it away.
    #[serde(default, deserialize_with = "sent", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>)]
    pub enabled: Option<Option<bool>>,
    /// What operations read.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Scalar>)]
    pub configuration: BTreeMap<String, Option<Scalar>>,
    /// Its time zone by name; `null` takes it away.
    #[serde(default, deserialize_with = "sent", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Option<String>>,
}

/// An employee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmployeeEdit {
    /// The name that people read; the identifier unless set.
    pub name: Option<String>,
    /// The amoCRM user who that is.
    pub amocrm_user: u64,
    /// Whether the employee is switched on; so unless set.
    pub enabled: Option<bool>,
    /// The numbers that ring, in order.
    #[serde(default)]
    pub numbers: Vec<NumberEdit>,
    /// How the numbers ring: `in-turn`, so unless set, or `together`, all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<String>,
    /// The identifier of the employee who stands in for this one; nobody unless set.
    pub deputy: Option<String>,
}

/// A number of an employee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberEdit {
    /// As the PBX dials it.
    pub number: String,
    /// How long it rings, such as `25s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_time: Option<String>,
}

/// A value of a setting: text as in the file, a number or a flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// What is sent as `null` is another thing than what is left out.
fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What may be left out, and is something where it is sent.
fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}
