//! The keys with a fixed set of values, and credentials.

use std::fmt;

macro_rules! choice {
    ($(#[$doc:meta])* $choice:ident { $($(#[$remark:meta])* $value:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $choice { $($(#[$remark])* $value,)* }

        impl $choice {
            /// Every value with its name in a header.
            pub const ALL: &'static [(&'static str, $choice)] = &[$(($name, $choice::$value),)*];

            /// The value as it is written in a header.
            pub fn as_str(self) -> &'static str {
                match self { $($choice::$value => $name,)* }
            }
        }

        impl fmt::Display for $choice {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

choice! {
    /// How far a run is shut in.
    Sandbox {
        /// Can read what any user can, and change nothing.
        #[default]
        Standard "standard",
        /// Also hides other users' files and processes.
        Strict "strict",
        /// Not at all.
        Off "off",
    }
}

choice! {
    /// How the output of a run is read.
    Protocol {
        /// Status lines.
        #[default]
        Ssi "ssi",
        /// Exit code and performance data of a monitoring plugin.
        Nagios "nagios",
        /// The last JSON document.
        Json "json",
    }
}

choice! {
    /// What a run reaches over the network.
    Network {
        /// Everything.
        #[default]
        Yes "yes",
        /// Nothing, not even this machine.
        No "no",
        /// This machine only.
        Loopback "loopback",
    }
}

/// A right of root by itself, which a check may have without the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Reads every file and directory, whatever their modes; writes none.
    DacReadSearch,
}

impl Capability {
    /// Every one that a header may ask for, with its name there. What can change anything is not among them.
    pub const ALL: &'static [(&'static str, Capability)] = &[("cap_dac_read_search", Capability::DacReadSearch)];

    /// The name in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Capability::DacReadSearch => "cap_dac_read_search",
        }
    }

    /// The name as systemd writes it.
    pub fn of_systemd(self) -> String {
        self.as_str().to_ascii_uppercase()
    }
}

/// A secret that systemd hands to the run in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credential {
    /// Name of the file: letters, digits, `_`, `-` and `.`
    pub name: String,
    /// An absolute path; without one systemd looks in its credential stores.
    pub path: Option<String>,
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}:{path}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
