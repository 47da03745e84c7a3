//! Whose fault a failure is: the one place that reads PostgreSQL's error codes (documentation, appendix "PostgreSQL
//! Error Codes"). What is listed nowhere is nobody's own fault, so that it never costs an event.

use strum::{EnumString, IntoStaticStr};

/// Who or what has to change before the same thing succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Fault {
    /// The values that were given: the same again fails again.
    Event,
    /// This statement on these rows: it took too long, or met a lock or an error inside PostgreSQL. May pass.
    Statement,
    /// The database, the deployment or the way to it: whatever else is asked fails as well until it is back.
    Database,
    /// The gateway, or the homeserver behind it: what asks nothing of them goes on meanwhile.
    Gateway,
    /// A code that this program does not know.
    Unknown,
}

impl Fault {
    /// The fault behind an SQLSTATE.
    pub fn of_sqlstate(code: &str) -> Self {
        match code {
            // Only because of this statement, in classes where nothing else is: a statement cancelled by its time limit,
            // a lock not had in time.
            "57014" | "55P03" => Self::Statement,
            _ => match code.get(..2) {
                // Data exception, integrity constraint violation, program limit exceeded.
                Some("22" | "23" | "54") => Self::Event,
                // Connection, transaction state (a standby is read-only), authorisation, database or schema missing,
                // deadlock, access rule or syntax (a function that is not there yet), resources (too many clients),
                // operator intervention, input or output, configuration.
                Some("08" | "25" | "28" | "3D" | "3F" | "40" | "42" | "53" | "57" | "58" | "F0") => Self::Database,
                // Object not in the state that it has to have; error inside PostgreSQL.
                Some("55" | "XX") => Self::Statement,
                _ => Self::Unknown,
            },
        }
    }

    /// Whether a caller who tries again later may succeed.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Statement | Self::Database | Self::Gateway)
    }

    /// Its name in SQL.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_fault() {
        let table = [
            ("22001", Fault::Event),     // string_data_right_truncation
            ("22P05", Fault::Event),     // untranslatable_character
            ("23505", Fault::Event),     // unique_violation
            ("23514", Fault::Event),     // check_violation
            ("54000", Fault::Event),     // program_limit_exceeded
            ("54001", Fault::Event),     // statement_too_complex
            ("57014", Fault::Statement), // query_canceled
            ("55P03", Fault::Statement), // lock_not_available
            ("55000", Fault::Statement), // object_not_in_prerequisite_state
            ("XX000", Fault::Statement), // internal_error
            ("XX002", Fault::Statement), // index_corrupted
            ("08006", Fault::Database),  // connection_failure
            ("25006", Fault::Database),  // read_only_sql_transaction
            ("25P02", Fault::Database),  // in_failed_sql_transaction
            ("28P01", Fault::Database),  // invalid_password
            ("3D000", Fault::Database),  // invalid_catalog_name
            ("40001", Fault::Database),  // serialization_failure
            ("40P01", Fault::Database),  // deadlock_detected
            ("42501", Fault::Database),  // insufficient_privilege
            ("42703", Fault::Database),  // undefined_column
            ("42883", Fault::Database),  // undefined_function
            ("42P01", Fault::Database),  // undefined_table
            ("53100", Fault::Database),  // disk_full
            ("53300", Fault::Database),  // too_many_connections
            ("57P01", Fault::Database),  // admin_shutdown
            ("57P03", Fault::Database),  // cannot_connect_now
            ("58030", Fault::Database),  // io_error
            ("P0001", Fault::Unknown),   // raise_exception
            ("21000", Fault::Unknown),   // cardinality_violation
            ("ZZ999", Fault::Unknown),
            ("5", Fault::Unknown),
            ("", Fault::Unknown),
            ("é2001", Fault::Unknown),
        ];
        for (code, fault) in table {
            assert_eq!(Fault::of_sqlstate(code), fault, "{code}");
        }
    }

    #[test]
    fn a_fault_has_its_name_in_sql() {
        let names = [Fault::Event, Fault::Statement, Fault::Database, Fault::Gateway, Fault::Unknown].map(Fault::code);
        assert_eq!(names, ["event", "statement", "database", "gateway", "unknown"]);
    }

    #[test]
    fn only_the_values_and_the_unknown_are_not_worth_another_try() {
        assert!([Fault::Statement, Fault::Database, Fault::Gateway].iter().all(|fault| fault.may_pass()));
        assert!(!Fault::Event.may_pass() && !Fault::Unknown.may_pass());
    }
}
