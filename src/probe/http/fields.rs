//! Values of a page that is a JSON document.

use serde_json::{Map, Value};

use super::fetch::{MOST, Page};
use crate::answer::Named;

/// The wanted values by name, `null` where there is none, and why some of them are not there.
pub(super) fn pick(wanted: &[Named], page: Option<&Page>) -> (Map<String, Value>, Option<String>) {
    let (document, mut fault) = match page.map(read) {
        Some(Ok(document)) => (Some(document), None),
        Some(Err(fault)) => (None, Some(fault)),
        None => (None, None),
    };
    let mut fields = Map::new();
    for Named { name, pointer } in wanted {
        let value = document.as_ref().and_then(|document| pointer.of(document));
        if document.is_some() && value.is_none() && fault.is_none() {
            fault = Some(format!("the document has no `{}`", pointer.as_str()));
        }
        fields.insert(name.clone(), value.cloned().unwrap_or_default());
    }
    (fields, fault.filter(|_| !wanted.is_empty()))
}

fn read(page: &Page) -> Result<Value, String> {
    if page.is_cut {
        return Err(format!("the document is longer than {MOST} bytes"));
    }
    serde_json::from_slice(&page.body).map_err(|error| format!("the page is no JSON document ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::StatusCode;
    use serde_json::json;

    fn picked(body: &str, is_cut: bool) -> (Value, Option<String>) {
        let wanted = ["up=/models/up", "first=/models/names/0"].map(|text| Named::parse(text).unwrap());
        let page = Page { status: StatusCode::OK, location: None, body: body.into(), is_cut };
        let (fields, fault) = pick(&wanted, Some(&page));
        (fields.into(), fault)
    }

    #[test]
    fn what_is_not_there_is_null_and_named() {
        let nothing = json!({"up": null, "first": null});
        let whole = picked(r#"{"models": {"up": 3, "names": ["a"]}}"#, false);
        assert_eq!(whole, (json!({"up": 3, "first": "a"}), None));
        // A null is a value.
        let (fields, fault) = picked(r#"{"models": {"up": null, "names": []}}"#, false);
        assert_eq!((fields, fault.as_deref()), (nothing.clone(), Some("the document has no `/models/names/0`")));
        let (fields, fault) = picked("<html>", false);
        assert!(fields == nothing && fault.is_some_and(|fault| fault.starts_with("the page is no JSON document")));
        let (fields, fault) = picked(r#"{"models": {"up": 3}}"#, true);
        assert!(fields == nothing && fault.is_some_and(|fault| fault.contains("longer than")));
    }
}
