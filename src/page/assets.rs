//! The files of the page, as they are in the binary.

use sha2::{Digest, Sha256};

/// One file.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// What it holds.
    pub content: &'static str,
    /// For `ETag`, in quotes; it changes with the content.
    pub tag: String,
}

/// All files, and what identifies them together.
#[derive(Debug)]
pub struct Assets {
    files: Vec<Asset>,
    build: String,
}

impl Asset {
    /// Whether it is an icon.
    pub fn is_image(&self) -> bool {
        self.content_type == IMAGE
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

macro_rules! files {
    ($($kind:ident $name:literal)*) => {
        [$(($name, $kind, include_str!(concat!("assets/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = &files! {
    STYLE "page.css"
    SCRIPT "theme.js"
    SCRIPT "main.js"
    SCRIPT "actions.js"
    SCRIPT "alerts.js"
    SCRIPT "api.js"
    SCRIPT "banner.js"
    SCRIPT "chart.js"
    SCRIPT "connection.js"
    SCRIPT "detail.js"
    SCRIPT "dom.js"
    SCRIPT "events.js"
    SCRIPT "grid.js"
    SCRIPT "jobs.js"
    SCRIPT "lists.js"
    SCRIPT "overview.js"
    SCRIPT "parts.js"
    SCRIPT "status.js"
    SCRIPT "store.js"
    SCRIPT "strips.js"
    SCRIPT "time.js"
    IMAGE "icon-ok.svg"
    IMAGE "icon-warning.svg"
    IMAGE "icon-failure.svg"
    IMAGE "icon-error.svg"
    IMAGE "icon-unknown.svg"
};

/// Scripts that the shell names itself; all others are modules that these import.
const NAMED: [&str; 2] = ["theme.js", "main.js"];

impl Assets {
    /// The files with their tags.
    pub fn new() -> Assets {
        let asset = |&(name, content_type, content): &(&'static str, &'static str, &'static str)| {
            let tag = format!("\"{}\"", digest([content]));
            Asset { name, content_type, content, tag }
        };
        let files: Vec<Asset> = FILES.iter().map(asset).collect();
        let build = digest(files.iter().map(|file| file.tag.as_str()).chain([super::shell::TEMPLATE]));
        Assets { files, build }
    }

    /// The file with this name.
    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Differs where any file differs.
    pub fn build(&self) -> &str {
        &self.build
    }

    /// The names of the modules that the first one imports, so that a browser can ask for all at once.
    pub fn modules(&self) -> impl Iterator<Item = &'static str> {
        let is_module = |file: &&Asset| file.content_type == SCRIPT && !NAMED.contains(&file.name);
        self.files.iter().filter(is_module).map(|file| file.name)
    }
}

fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    parts.into_iter().for_each(|part| hash.update(part));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_a_file_names_is_there() {
        let assets = Assets::new();
        for file in assets.files.iter().filter(|file| file.content_type == SCRIPT) {
            for name in file.content.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(assets.modules().any(|module| module == name), "{} imports {name}", file.name);
            }
        }
        for name in super::super::shell::TEMPLATE.split("/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(name.contains('{') || assets.get(name).is_some(), "the shell names {name}");
        }
    }

    #[test]
    fn tags_follow_the_content() {
        let assets = Assets::new();
        let mut tags: Vec<_> = assets.files.iter().map(|file| &file.tag).collect();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), FILES.len());
        assert_eq!(assets.build(), Assets::new().build());
    }

    #[test]
    fn nothing_is_asked_of_another_host() {
        for file in Assets::new().files {
            let addresses = file.content.split("//").skip(1).filter(|rest| rest.starts_with("www.w3.org/2000/svg"));
            let all = file.content.matches("http://").count() + file.content.matches("https://").count();
            let allowed = addresses.count() + file.content.matches("`https://${item.domain}/`").count();
            assert_eq!(all, allowed, "{}", file.name);
        }
    }
}
