//! Who stands in for whom: the deputies that a list of employees names, checked wherever such a list is written (rule E4).

use std::collections::HashMap;

use crate::language::Localized;
use crate::localized;
use crate::masking::unless_secret;

/// How many employees of a circle a message names.
const MOST_NAMED: usize = 8;

/// An employee as far as deputies go: the identifier, and that of the deputy.
type Named<'a> = (&'a str, Option<&'a str>);

/// Where in the list each employee's deputy stands. The identifiers are known to be different.
///
/// # Errors
///
/// A deputy whom the list does not have, an employee who is the own deputy, and deputies in a circle: the place of the employee at fault, and a
/// text that names the key and the fix.
pub fn places(employees: &[Named<'_>]) -> Result<Vec<Option<usize>>, (usize, Localized)> {
    let by_id: HashMap<_, _> = employees.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
    let mut deputies = Vec::with_capacity(employees.len());
    for (place, (id, deputy)) in employees.iter().enumerate() {
        let Some(deputy) = deputy else {
            deputies.push(None);
            continue;
        };
        if id == deputy {
            return Err((place, own_deputy(id)));
        }
        deputies.push(Some(*by_id.get(deputy).ok_or_else(|| (place, nobody(deputy)))?));
    }
    match circle(&deputies) {
        Some(circle) => Err((circle.first().copied().unwrap_or_default(), in_a_circle(&circle, employees))),
        None => Ok(deputies),
    }
}

fn nobody(deputy: &str) -> Localized {
    localized!(
        "`deputy` = `{}`: такого сотрудника здесь нет; укажите `id` одного из сотрудников этой интеграции",
        "`deputy` = `{}`: there is no such employee here; write the `id` of another employee of this integration",
        unless_secret(deputy)
    )
}

fn own_deputy(id: &str) -> Localized {
    localized!(
        "`deputy` = `{id}`: никто не замещает сам себя; укажите другого сотрудника",
        "`deputy` = `{id}`: nobody stands in for himself; write another employee"
    )
}

fn in_a_circle(circle: &[usize], employees: &[Named<'_>]) -> Localized {
    let id = |place: usize| employees.get(place).map(|(id, _)| format!("`{id}`"));
    let mut named: Vec<_> = circle.iter().take(MOST_NAMED).filter_map(|place| id(*place)).collect();
    if circle.len() > MOST_NAMED {
        named.push("…".to_owned());
    }
    named.extend(circle.first().and_then(|place| id(*place)));
    localized!(
        "`deputy`: заместители идут по кругу, {0}; укажите одному из них другого заместителя или никого",
        "`deputy`: the deputies go in a circle, {0}; give one of them another deputy, or none",
        named.join(" → ")
    )
}

/// The employees of a circle in their order, from the one who comes first in the list.
fn circle(deputies: &[Option<usize>]) -> Option<Vec<usize>> {
    // By whose deputies each employee was reached: nobody is walked through twice.
    let mut reached_from = vec![None; deputies.len()];
    for start in 0..deputies.len() {
        let mut here = Some(start);
        while let Some(place) = here {
            match reached_from.get_mut(place)? {
                Some(from) if *from == start => return Some(around(deputies, place)),
                Some(_) => break,
                from => *from = Some(start),
            }
            here = deputies.get(place).copied().flatten();
        }
    }
    None
}

/// The circle that goes through this place.
fn around(deputies: &[Option<usize>], place: usize) -> Vec<usize> {
    let next = |place: &usize| deputies.get(*place).copied().flatten();
    let mut circle: Vec<_> =
        std::iter::successors(next(&place), |here| next(here).filter(|_| *here != place)).collect();
    let first = circle.iter().enumerate().min_by_key(|(_, place)| **place).map_or(0, |(index, _)| index);
    circle.rotate_left(first);
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(employees: &[Named<'_>]) -> (usize, String, String) {
        let (place, why) = places(employees).unwrap_err();
        (place, why.ru, why.en)
    }

    #[test]
    fn e4_each_deputy_is_found_by_the_identifier() {
        let employees = [("anna", Some("vera")), ("boris", None), ("vera", Some("boris"))];
        assert_eq!(places(&employees), Ok(vec![Some(2), None, Some(1)]));
        assert_eq!(places(&[]), Ok(Vec::new()));
        // Two may have the same deputy.
        assert_eq!(places(&[("a", Some("c")), ("b", Some("c")), ("c", None)]), Ok(vec![Some(2), Some(2), None]));
    }

    #[test]
    fn e4_a_deputy_who_is_nobody_or_the_employee_is_refused_with_the_name() {
        let (place, ru, en) = refused(&[("anna", None), ("boris", Some("bob"))]);
        assert_eq!(place, 1);
        assert!(ru.contains("`bob`") && ru.contains("такого сотрудника здесь нет"), "{ru}");
        assert!(en.contains("`deputy` = `bob`: there is no such employee"), "{en}");
        assert_eq!(refused(&[("anna", Some(""))]).0, 0);
        let (place, ru, en) = refused(&[("boris", None), ("anna", Some("anna"))]);
        assert_eq!(place, 1);
        assert!(ru.contains("никто не замещает сам себя") && en.contains("`anna`: nobody stands in"), "{ru} {en}");
    }

    #[test]
    fn e4_a_circle_of_any_length_is_refused_with_its_names() {
        let ids: Vec<_> = (0..1_000).map(|number| format!("e{number}")).collect();
        for length in [2, 3, 4, 8, 9, 1_000] {
            // Somebody leads into the circle, who is not of it.
            let mut employees: Vec<Named<'_>> = vec![("outside", Some("e0"))];
            for number in 0..length {
                let deputy = ids.get((number + 1) % length).map(String::as_str);
                employees.push((ids.get(number).map_or("", String::as_str), deputy));
            }
            let (place, ru, en) = refused(&employees);
            assert_eq!(place, 1, "{length}");
            for text in [&ru, &en] {
                assert!(text.contains("`e0` → `e1` → ") && !text.contains("outside"), "{length}: {text}");
                assert_eq!(text.matches("`e0`").count(), 2, "{text}");
                assert!(text.len() < 400, "{text}");
            }
            assert_eq!(en.contains('…'), length > MOST_NAMED, "{en}");
        }
        let (place, _, en) = refused(&[("a", None), ("c", Some("d")), ("b", Some("c")), ("d", Some("c"))]);
        assert_eq!(place, 1);
        assert!(en.contains("`c` → `d` → `c`"), "{en}");
    }

    #[test]
    fn e4_a_long_line_without_a_circle_is_taken() {
        let ids: Vec<_> = (0..1_000).map(|number| format!("e{number}")).collect();
        let employees: Vec<Named<'_>> =
            ids.iter().enumerate().map(|(place, id)| (id.as_str(), ids.get(place + 1).map(String::as_str))).collect();
        assert!(places(&employees).is_ok());
        let backwards: Vec<_> = employees.into_iter().rev().collect();
        assert!(places(&backwards).is_ok());
    }
}
