//! The description of the interface is that of the interface: `docs/openapi.json` against the routes, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::world::{World, ask};

fn document() -> Value {
    serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap()
}

/// The methods of each path, in upper case.
fn described(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let methods = |path: &Value| path.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// What the page serves for browsers alone: HTML, and its own files.
const OF_THE_PAGE: [&str; 5] = ["/", "/checks/{id}", "/watches/{id}", "/pings/{id}", "/assets/{name}"];

/// The paths that `src/api` and the page serve for programs, as their source has them.
fn routed() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = BTreeSet::new();
    for file in sources(&root.join("api")).into_iter().chain([root.join("page.rs")]) {
        let text = fs::read_to_string(file).unwrap();
        let literal = |rest: &str| Some(rest.trim_start().strip_prefix('"')?.split('"').next()?.to_owned());
        paths.extend(text.split(".route(").skip(1).filter_map(literal));
    }
    for path in OF_THE_PAGE {
        assert!(paths.remove(path), "the page does not serve `{path}`");
    }
    paths
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn every_address_is_described_and_every_description_is_served() {
    let (described, routed) = (described(&document()), routed());
    assert_eq!(described.keys().cloned().collect::<BTreeSet<_>>(), routed);
    let world = World::new().await;
    for path in routed {
        // Nothing has this method, so the answer says which ones there are.
        let (head, body) = ask(&world, "PATCH", &path.replace(['{', '}'], ""), "").await;
        assert!(head.starts_with("http/1.1 405"), "{path}: {head}{body}");
        let allow = head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap_or_default().to_uppercase();
        let allowed: BTreeSet<String> =
            allow.split(',').filter(|method| *method != "HEAD").map(|method| method.trim().to_owned()).collect();
        assert_eq!(allowed, described[&path], "{path}");
    }
}

#[tokio::test]
async fn the_description_is_served_as_it_is_committed() {
    let world = World::new().await;
    let (head, body) = ask(&world, "GET", "/openapi.json", "").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/json"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), document());
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_referred_to() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found
                    .extend(fields.get("$ref").and_then(Value::as_str).map(|to| to.trim_start_matches('#').to_owned()));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    for kind in ["parameters", "responses", "schemas"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(found.contains(&format!("/components/{kind}/{name}")), "{kind} {name} is not referred to");
        }
    }
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}
