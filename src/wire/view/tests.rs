//! Views as the macros declare them.

use super::*;
use crate::base::json::Json;
use crate::wire::fields::Fields;

view! {
    /// A test limit.
    pub struct Limit {
        must {
            /// State of the limit.
            status: Status,
        }
        may {
            /// Time of the reset.
            resets_at = "resetsAt": u64,
            /// A nested view.
            inner: Inner,
        }
        or_default {
            /// Tagged parts of the limit.
            parts: Vec<Part>,
        }
    }

    /// A nested test view.
    pub struct Inner {
        must {
            /// A list of strings.
            texts: Vec<String>,
        }
    }
}

words! {
    /// State of a test limit.
    pub enum Status {
        /// Only known word.
        Allowed = "allowed",
    }
}

tagged! {
    /// A tagged test object.
    pub enum Part by "kind" {
        /// View of two words.
        Texts(Inner) = "texts" | "words",
    }
}

fn limit(text: &str) -> Result<Limit, DecodeError> {
    view_of(text.as_bytes(), Tags::NONE)
}

#[test]
fn fields_without_a_name_are_kept() {
    let limit = limit(r#"{"status":"new","new":{"a":1e400},"resetsAt":5}"#).unwrap();
    assert_eq!((limit.status.as_str(), limit.resets_at), ("new", Some(5)));
    assert_eq!(limit.unknown_fields.get("new"), Some(&Json::parse(r#"{"a":1e400}"#).unwrap()));
    assert_eq!(limit.unknown_fields.len(), 1);
}

#[test]
fn only_required_fields_can_fail_and_the_error_names_them() {
    assert!(limit(r#"{"status":"allowed","resetsAt":"soon","inner":{}}"#).is_ok());
    assert_eq!(limit("{}").unwrap_err().to_string(), "the field `status` is missing");
    assert_eq!(limit(r#"{"status":5}"#).unwrap_err().path(), "status");
    assert_eq!(limit("[]").unwrap_err().path(), "");
    let nested = Json::parse(r#"[{"texts":["a",{}]}]"#).unwrap();
    let error = Vec::<Inner>::from_json(&nested).unwrap_err();
    assert_eq!(error.to_string(), "the field `0.texts.1` is not a string");
}

#[test]
fn a_tag_selects_the_view_and_an_unknown_tag_keeps_the_value() {
    let parts = r#"[{"kind":"words","texts":[]},{"kind":"texts","texts":5},{}]"#;
    let limit = limit(&format!(r#"{{"status":"allowed","parts":{parts}}}"#)).unwrap();
    let [Part::Texts(texts), Part::Other(odd), Part::Other(none)] = &limit.parts[..] else {
        panic!("{:?}", limit.parts)
    };
    assert_eq!((texts.unknown_fields.len(), odd.len(), none.len()), (0, 2, 0));
    let odd = Json::parse(parts).unwrap().decode::<Vec<Fields>>().unwrap().remove(1);
    let odd = Json::from(odd);
    assert_eq!(view_of::<Part>(odd.as_str().as_bytes(), Tags::NONE).unwrap_err().path(), "texts");
}

#[test]
fn unknown_names_are_reported() {
    let text =
        r#"{"status":"odd","a":1,"inner":{"texts":[],"b":2},"parts":[{"kind":"texts","texts":[],"c":3},{"kind":"x"}]}"#;
    let mut found = Vec::new();
    limit(text).unwrap().unknown_names("", &mut found);
    assert_eq!(found, [r#"status is "odd""#, "inner.b", "parts[].c", r#"parts[].kind is "x""#, "a"]);
}

#[test]
#[expect(clippy::disallowed_types, reason = "to see that equal words have equal hashes")]
fn values_compare_by_their_wire_names() {
    let by_hand = Status::Other("allowed".into());
    assert_eq!(by_hand, Status::Allowed);
    assert_ne!(by_hand, Status::from("refused"));
    assert!(std::collections::HashSet::from([Status::Allowed]).contains(&by_hand));
}

#[test]
fn the_debug_output_of_a_view_is_short() {
    let long = "x".repeat(100_000);
    let texts = vec![format!("\"{long}\""); 1000].join(",");
    let text = format!(
        r#"{{"status":"{long}","inner":{{"texts":[{texts}]}},"parts":[{{"{long}":"{long}"}}],"{long}":[{texts}]}}"#
    );
    let shown = format!("{:?}", limit(&text).unwrap());
    assert!(shown.len() < 3000 && shown.starts_with("Limit { status: Other("), "{} bytes", shown.len());
    let bare = format!("{:?}", limit(r#"{"status":"allowed"}"#).unwrap());
    assert_eq!(bare, "Limit { status: Allowed, parts: [] }");
}

#[test]
fn invalid_unicode_is_not_an_error() {
    assert_eq!(limit(r#"{"status":"\ud83d"}"#).unwrap().status.as_str(), "\u{fffd}");
    assert_eq!(view_of::<Limit>(b"{\"status\":\"\xff\"}", Tags::NONE).unwrap().status.as_str(), "\u{fffd}");
}
