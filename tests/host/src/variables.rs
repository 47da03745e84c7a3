//! Application variables and the `{{ name }}` templates that refer to them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use indexmap::IndexMap;

use crate::manifest::Variable;

/// The environment variable of an application variable is this and the name in capitals.
pub const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// Every application variable with its value. No `Debug`, because most of them are secrets.
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Gives each declared variable its value: the environment's, else its default.
    ///
    /// # Errors
    /// A name that Spin refuses, a variable that is neither required nor has a default (or both), or required ones
    /// that the environment does not have.
    pub fn resolve(
        declared: &IndexMap<String, Variable>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in declared {
            check_name(name).map_err(|reason| anyhow::anyhow!("invalid variable name: {name:?}: {reason}"))?;
            ensure!(
                variable.required != variable.default.is_some(),
                "variable {name:?} must be `required` OR have a `default`"
            );
            let given = environment(&format!("{ENVIRONMENT_PREFIX}{}", name.to_uppercase()));
            match given.or_else(|| variable.default.clone()) {
                Some(value) => {
                    values.insert(name.clone(), value);
                }
                None => missing.push(name.as_str()),
            }
        }
        ensure!(
            missing.is_empty(),
            "no provider resolved required variable(s): {missing:?} (set {ENVIRONMENT_PREFIX}<NAME>)"
        );
        Ok(Self(values))
    }

    /// Fills a template in.
    ///
    /// # Errors
    /// A `{{` without its `}}`, or a name that the application does not declare.
    pub fn render(&self, template: &str) -> Result<String> {
        let mut rendered = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once("{{") {
            rendered.push_str(literal);
            let Some((name, after)) = after.split_once("}}") else {
                bail!("invalid variable template: unmatched '{{{{' in {template:?}");
            };
            let value = self
                .0
                .get(name.trim())
                .with_context(|| format!("invalid variable template: unknown variable {:?}", name.trim()))?;
            rendered.push_str(value);
            rest = after;
        }
        rendered.push_str(rest);
        Ok(rendered)
    }
}

/// Tells whether a template refers to any variable.
pub fn is_literal(template: &str) -> bool {
    !template.contains("{{")
}

/// Checks a variable's name by Spin's rule: lower-case letters, digits and single underscores, a letter first and no
/// underscore last.
///
/// # Errors
/// The rule that is broken, in words.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("must not be empty".into());
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if let Some(wrong) = name.chars().find(|c| !allowed(*c)) {
        return Err(format!(
            "invalid character {wrong:?}. Variable names may contain only lower-case letters, numbers, and underscores."
        ));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("must start with a lowercase ASCII letter".into());
    }
    if name.ends_with('_') {
        return Err("must end with a lowercase ASCII letter or digit".into());
    }
    if name.contains("__") {
        return Err("must not contain multiple consecutive underscores".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(toml: &str) -> IndexMap<String, Variable> {
        toml::from_str(toml).unwrap()
    }

    fn resolved(toml: &str, environment: &[(&str, &str)]) -> Result<Variables> {
        Variables::resolve(&declared(toml), |name| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_goes_before_the_default() {
        let toml = "a = { default = '1' }\nb = { default = '2' }";
        let variables = resolved(toml, &[("SPIN_VARIABLE_A", "x")]).unwrap();
        assert_eq!(variables.render("{{ a }}-{{b}}").unwrap(), "x-2");
    }

    #[test]
    fn every_required_variable_that_is_missing_is_named() {
        let toml = "a = { required = true }\nb = { required = true, secret = true }\nc = { default = '' }";
        let error = resolved(toml, &[]).err().unwrap().to_string();
        assert!(error.contains(r#"["a", "b"]"#), "{error}");
        let given = [("SPIN_VARIABLE_A", ""), ("SPIN_VARIABLE_B", "s")];
        assert_eq!(resolved(toml, &given).unwrap().render("{{a}}{{b}}").unwrap(), "s");
    }

    #[test]
    fn a_variable_is_required_or_has_a_default() {
        for toml in ["a = {}", "a = { required = true, default = 'x' }"] {
            assert!(resolved(toml, &[("SPIN_VARIABLE_A", "x")]).is_err(), "{toml}");
        }
    }

    #[test]
    fn templates_are_literals_and_names() {
        let variables = resolved("host = { default = 'db' }", &[]).unwrap();
        for (template, expected) in [
            ("", ""),
            ("plain } text", "plain } text"),
            ("postgres://{{ host }}:5432", "postgres://db:5432"),
            ("{{host}}{{  host  }}", "dbdb"),
        ] {
            assert_eq!(variables.render(template).unwrap(), expected);
        }
        for wrong in ["{{ host", "{{ other }}", "{{ }}", "{{ HOST }}"] {
            assert!(variables.render(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_follow_the_rule_of_spin() {
        for right in ["a", "database_url", "a1_2"] {
            assert!(check_name(right).is_ok(), "{right}");
        }
        for wrong in ["", "A", "1a", "_a", "a_", "a__b", "a-b", "ä"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
