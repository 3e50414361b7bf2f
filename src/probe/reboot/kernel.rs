//! Releases of kernels: which is newer, and which of them follows on which.

use std::cmp::Ordering;

/// The release of a kernel's file in /boot: `vmlinuz-6.1.0-18-amd64`.
pub(super) fn release(file: &str) -> Option<&str> {
    let release = ["vmlinuz-", "vmlinux-", "kernel-"].iter().find_map(|prefix| file.strip_prefix(prefix))?;
    let is_release = release.starts_with(|c: char| c.is_ascii_digit());
    let is_left_over =
        [".old", ".bak", ".dpkg-new", ".dpkg-tmp", ".dpkg-old", ".rpmsave"].iter().any(|end| release.ends_with(end));
    (is_release && !is_left_over).then_some(release)
}

/// The newest kernel of the flavour of the running one and no older than that; `None` where there is none. The running one may have been
/// removed meanwhile.
pub(super) fn newest<'a>(running: &str, kernels: &'a [(String, i64)]) -> Option<&'a (String, i64)> {
    let follows = |release: &str| flavour(release) == flavour(running) && compare(release, running).is_ge();
    kernels.iter().filter(|(release, _)| follows(release)).max_by(|(one, _), (other, _)| compare(one, other))
}

/// What distinguishes kernels that are installed side by side: `6.1.0-18-cloud-amd64` is of `cloud-amd`, `5.14.0-362.el9.x86_64` of `el-x`.
fn flavour(release: &str) -> String {
    let words =
        release.split(['-', '.', '+', '_', '~']).map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    // Where a package comes from, and that it is a candidate, is part of its version.
    let is_flavour =
        |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic()) && !["bpo", "deb", "rc"].contains(word);
    words.filter(is_flavour).collect::<Vec<_>>().join("-")
}

/// Digits as numbers, all else as text, as `sort -V` has it.
fn compare(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (text, other_text) = (take(&mut one, false), take(&mut other, false));
        let (number, other_number) = (take(&mut one, true), take(&mut other, true));
        let value = |digits: &str| digits.parse::<u64>().unwrap_or(0);
        let order = text.cmp(other_text).then(value(number).cmp(&value(other_number)));
        if order.is_ne() || (one.is_empty() && other.is_empty()) {
            return order;
        }
    }
}

/// Cuts the digits, or all up to them, from the beginning.
fn take<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    let (part, rest) = text.split_at(end);
    *text = rest;
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (older, newer) in [
            ("6.1.0-9-amd64", "6.1.0-18-amd64"),
            ("6.1.0-18-amd64", "6.10.0-1-amd64"),
            ("5.14.0-362.8.1.el9_3.x86_64", "5.14.0-362.13.1.el9_3.x86_64"),
            ("6.6.7-arch1-1", "6.6.8-arch1-1"),
            ("6.1.0", "6.1.0.1"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{older} {newer}");
            assert_eq!(compare(newer, newer), Ordering::Equal);
        }
    }

    #[test]
    fn the_newest_is_of_the_same_flavour() {
        for (running, others, newest_release) in [
            ("6.1.0-9-amd64", &["6.1.0-18-amd64", "6.1.0-21-rt-amd64"][..], "6.1.0-18-amd64"),
            ("5.15.0-91-generic", &["5.15.0-92-lowlatency", "5.15.0-101-generic"], "5.15.0-101-generic"),
            ("6.6.7-1-lts", &["6.7.1-arch1-1", "6.6.8-1-lts"], "6.6.8-1-lts"),
            ("5.14.0-362.8.1.el9_3.x86_64", &["5.14.0-427.13.1.el9_4.x86_64"], "5.14.0-427.13.1.el9_4.x86_64"),
            ("6.1.0-18-amd64", &["6.9.7+bpo-amd64"], "6.9.7+bpo-amd64"),
            ("6.5.6-300.fc39.x86_64", &["6.8.5-301.fc40.x86_64"], "6.8.5-301.fc40.x86_64"),
            ("6.8.0-31-generic", &["0-rescue-0123456789abcdef"], "6.8.0-31-generic"),
        ] {
            let all = others.iter().chain([&running]).map(|release| ((*release).to_owned(), 0)).collect::<Vec<_>>();
            assert_eq!(newest(running, &all).map(|(release, _)| release.as_str()), Some(newest_release));
        }
        let removed = ["6.1.0-9-amd64", "6.1.0-21-amd64"].map(|release| (release.to_owned(), 0));
        assert_eq!(newest("6.1.0-18-amd64", &removed).map(|(release, _)| release.as_str()), Some("6.1.0-21-amd64"));
        assert_eq!(newest("6.1.0-22-amd64", &removed), None);
        assert_eq!(newest("6.18.44-host", &[("6.1.0-18-amd64".to_owned(), 0)]), None);
    }

    #[test]
    fn files_in_boot() {
        let files =
            ["vmlinuz-6.1.0-18-amd64", "vmlinuz-6.1.0-18-amd64.old", "initrd.img-6.1.0", "vmlinuz-linux", "vmlinuz-"];
        assert_eq!(files.map(release), [Some("6.1.0-18-amd64"), None, None, None, None]);
    }
}
