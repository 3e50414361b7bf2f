//! Measures rows, round by round, both sides in turns.

use std::io;

use crate::args::Args;
use crate::figure::{Figure, Target};
use crate::host::Dir;
use crate::report;
use crate::rows::{Row, Scene, Side, Size};

/// A row at one size.
pub struct Measured {
    pub row: &'static Row,
    pub size: Size,
    pub figures: Vec<Figure>,
}

/// Measures all rows that are asked for, printing each as soon as it is known; gives them, and how many failed.
pub fn run(args: &Args) -> (Vec<Measured>, usize) {
    let (mut results, mut failed) = (Vec::new(), 0);
    for row in &args.rows {
        report::row(row);
        for size in row.sizes(args.quick, args.growth) {
            match measure(args, row, size) {
                Ok(measured) => {
                    report::figures(&measured);
                    results.push(measured);
                }
                Err(error) => {
                    report::failure(row, size, &error);
                    failed += 1;
                }
            }
        }
    }
    (results, failed)
}

fn measure(args: &Args, row: &'static Row, size: Size) -> io::Result<Measured> {
    let dir = Dir::new(args.dir.join("ssi-bench.run"))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..args.rounds {
        // Who is second finds warm caches: each is so in turn.
        let sides = if round % 2 == 0 { [Side::Ours, Side::Theirs] } else { [Side::Theirs, Side::Ours] };
        for side in sides.into_iter().filter(|side| *side == Side::Ours || row.against.is_some()) {
            let scene = Scene { ssi: &args.ssi, dir: dir.path(), quick: args.quick, side, size };
            let sample = row.measure(&scene)?;
            if side == Side::Ours { ours.push(sample) } else { theirs.push(sample) }
        }
    }
    let names = ours.first().into_iter().flatten().map(|value| value.0);
    // At other sizes than its own a row has no targets but that nothing is lost.
    let holds = |target| row.sizes.contains(&size) || matches!(target, Target::Most(most) if most == 0.0);
    let target = |name| {
        row.targets.iter().find(|target| target.0 == name).map(|target| target.1).filter(|target| holds(*target))
    };
    let figures = names.map(|name| Figure::new(name, &ours, &theirs, target(name))).collect();
    Ok(Measured { row, size, figures })
}
