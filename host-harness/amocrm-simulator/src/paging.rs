//! Pages: `page`, `limit`, and the links to this page and the next (amoCRM facts §1.1, §1.2).

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::params::Params;
use crate::problem;

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// From 1.
    pub(crate) number: usize,
    /// Entities on a page.
    pub(crate) limit: usize,
}

impl Page {
    /// Reads `page` and `limit`.
    ///
    /// # Errors
    /// 422 where the limit is larger than `most`, 400 where either is not a number of 1 or more.
    pub(crate) fn read(params: &Params, usual: usize, most: usize) -> Result<Self, Box<Answer>> {
        let number = |name: &str, usual: usize| match params.get(name) {
            None => Ok(usual),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(Box::new(problem::bad_request(name, "This value should be greater than 0."))),
            },
        };
        let page = Self { number: number("page", 1)?, limit: number("limit", usual)? };
        if page.limit > most {
            return Err(Box::new(problem::limit(most)));
        }
        Ok(page)
    }

    /// What is on this page, and whether there is another one.
    pub(crate) fn cut<T>(&self, mut all: Vec<T>) -> (Vec<T>, bool) {
        let start = (self.number - 1).saturating_mul(self.limit).min(all.len());
        let mut page = all.split_off(start);
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        (page, more)
    }

    /// `_links` of a list at this address.
    pub(crate) fn links(&self, address: &str, params: &Params, more: bool) -> Value {
        let href = |page: usize| json!({"href": format!("{address}?{}", params.with_page(page))});
        let mut links = json!({"self": href(self.number)});
        if more {
            links["next"] = href(self.number + 1);
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next_and_past_it_there_is_nothing() {
        let page = |number| Page { number, limit: 2 };
        let all = vec![1, 2, 3, 4];
        assert_eq!(page(1).cut(all.clone()), (vec![1, 2], true));
        assert_eq!(page(2).cut(all.clone()), (vec![3, 4], false));
        assert_eq!(page(3).cut(all.clone()), (vec![], false));
        assert_eq!(page(usize::MAX).cut(all), (vec![], false));
    }
}
