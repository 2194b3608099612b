//! Values that are a plain text in the common case and a table when there is more to say.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

struct Reader<T, Table> {
    expected: &'static str,
    kinds: PhantomData<(T, Table)>,
}

impl<'de, T, Table> Visitor<'de> for Reader<T, Table>
where
    T: FromStr + TryFrom<Table>,
    T::Err: fmt::Display,
    <T as TryFrom<Table>>::Error: fmt::Display,
    Table: Deserialize<'de>,
{
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(map))?.try_into().map_err(A::Error::custom)
    }
}

/// Reads a `T` from its short text (`FromStr`) or from its `Table`.
pub(crate) fn read<'de, T, Table, D>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<Table>,
    T::Err: fmt::Display,
    <T as TryFrom<Table>>::Error: fmt::Display,
    Table: Deserialize<'de>,
{
    deserializer.deserialize_any(Reader { expected, kinds: PhantomData })
}
