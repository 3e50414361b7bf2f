//! `ssi export`.

use serde_json::json;

use crate::apply::{self, ExportError};
use crate::cli::args::ExportArgs;
use crate::cli::failure::Failure;
use crate::cli::ui::Ui;
use crate::line;
use crate::paths::Paths;

pub(in crate::cli) fn export(args: &ExportArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let exported = apply::export(paths, &args.directory, args.force)?;
    for script in exported.iter().filter(|script| script.broken) {
        let id = &script.id;
        ui.warn(format!(
            "the header of `{id}` was broken by hand: `ssi apply` will refuse `{}`",
            script.file.display()
        ));
    }
    for script in &exported {
        if let Some(modified) = &script.modified {
            let (id, file) = (&script.id, line::printable(&script.file.display().to_string()));
            ui.warn(format!(
                "the script of `{id}` was changed by hand since it was installed, and `{file}` has that change: {modified}"
            ));
        }
    }
    if ui.json {
        let file = |script: &apply::Exported| {
            let (id, file) = (script.id.as_ref(), script.file.display().to_string());
            json!({"id": id, "file": file, "written": script.written, "modified": script.modified})
        };
        ui.json(&exported.iter().map(file).collect::<Vec<_>>())?;
        return Ok(0);
    }
    let written = exported.iter().filter(|script| script.written).count();
    let dir = line::printable(&args.directory.display().to_string());
    ui.say(match (written, exported.len()) {
        (_, 0) => "no checks are installed, nothing to write".to_owned(),
        (0, all) => format!("nothing to write: {dir} has all {all} checks as they are installed"),
        (written, all) => format!("wrote {written} of {all} checks to {dir}"),
    })?;
    Ok(0)
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        match error {
            ExportError::File(error) => error.into(),
            error => Failure::new(error),
        }
    }
}
