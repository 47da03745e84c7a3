//! A page of messages that may have their content as well.

use super::{FromQuery, MessagePage, Parameter};
use crate::problem::{FieldError, Problem};

/// How many messages a page holds at most when each has its content, which Matrix is asked for one by one.
pub const MAX_WITH_CONTENT: i32 = 50;

/// Which messages, and whether with their content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentPage {
    /// Which messages.
    pub page: MessagePage,
    /// Whether with what `GET` of each message tells.
    pub with_content: bool,
}

impl FromQuery for ContentPage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let page = MessagePage::from_query(parameter);
        let mut errors = Vec::new();
        let with_content = match parameter("include") {
            None => false,
            Some("content") => true,
            Some(_) => {
                errors.push(FieldError::parameter("include", "must be content"));
                false
            }
        };
        if with_content && page.as_ref().is_ok_and(|page| page.limit > MAX_WITH_CONTENT) {
            let bound = format!("must be a number from 1 to {MAX_WITH_CONTENT} together with include=content");
            errors.push(FieldError::parameter("limit", bound));
        }
        match page {
            Ok(page) if errors.is_empty() => Ok(Self { page, with_content }),
            Ok(_) => Err(Problem::invalid(errors)),
            Err(mut problem) => {
                problem.errors.extend(errors);
                Err(problem)
            }
        }
    }

    fn shared_query(&self) -> String {
        self.page.shared_query() + if self.with_content { "&include=content" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &[(&str, &'static str)]) -> Result<ContentPage, Problem> {
        ContentPage::from_query(&|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn content_is_asked_for_by_name_and_of_few_messages() {
        assert!(!page(&[("limit", "200")]).unwrap().with_content);
        let with = page(&[("include", "content")]).unwrap();
        assert_eq!((with.with_content, with.shared_query().as_str()), (true, "limit=50&include=content"));
        let problem = page(&[("include", "content"), ("limit", "51")]).unwrap_err();
        assert_eq!(problem.errors[0].parameter.as_deref(), Some("limit"));
        assert_eq!(page(&[("include", "all"), ("limit", "x")]).unwrap_err().errors.len(), 2);
    }
}
