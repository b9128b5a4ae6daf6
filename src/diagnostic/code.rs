//! Every code that a diagnostic can have: a stable text, and what it means in general.

#[cfg(test)]
mod tests;

use std::fmt;

use super::level::Level;
use crate::exit::Exit;

/// The exit that a line of the list names, if it does.
macro_rules! exit {
    () => {
        None
    };
    ($exit:ident) => {
        Some(Exit::$exit)
    };
}

/// Whether a line of the list says that its code is a warning too.
macro_rules! warns {
    () => {
        false
    };
    ($warning:ident) => {
        true
    };
}

/// How bad what a line of the list is about is taken to be, if that is for the project to say.
macro_rules! level {
    () => {
        None
    };
    (Warning) => {
        None
    };
    ($level:ident) => {
        Some(Level::$level)
    };
}

/// Makes the list of codes: of each group its name, text and title, and of each of its codes the same, in the order of
/// their texts, how a run ends that it stops, and after `|` whether it is a warning too: `Warning`, or of a lint the level that it
/// has where `[policy.lint]` says nothing. How a run ends is left out of a code that only warns, and where the same thing ends
/// different runs differently.
macro_rules! codes {
    ($($group:ident $word:literal $about:literal { $($code:ident $text:literal $($exit:ident)? $(| $warning:ident)? $title:literal)+ })+) => {
        /// What a code is about: the part of its text before `::`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Group {
            $(#[doc = $about] $group,)+
        }

        impl Group {
            /// All of them, in the order of their texts.
            pub const ALL: &[Self] = &[$(Self::$group),+];

            /// Its text, such as `bucket`.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$group => $word,)+
                }
            }

            /// The pages of its codes, each below a heading that is the code's text.
            pub(super) const fn pages(self) -> &'static str {
                match self {
                    $(Self::$group => include_str!(concat!("pages/", $word, ".md")),)+
                }
            }

            /// What its codes are about, as a heading.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$group => $about,)+
                }
            }
        }

        /// What kind of thing a diagnostic says. Programs compare the text, which does not change; nothing of ours compares
        /// words. The order is that of the texts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $title] $code,)+)+
        }

        impl Code {
            /// All of them, in the order of their texts.
            pub const ALL: &[Self] = &[$($(Self::$code),+),+];

            /// Its stable text, such as `bucket::retention`.
            pub const fn text(self) -> &'static str {
                match self {
                    $($(Self::$code => $text,)+)+
                }
            }

            /// What it means in general, as one sentence without a full stop.
            pub const fn title(self) -> &'static str {
                match self {
                    $($(Self::$code => $title,)+)+
                }
            }

            /// How a run ends that it stops, where that is always the same.
            pub const fn exit(self) -> Option<Exit> {
                match self {
                    $($(Self::$code => exit!($($exit)?),)+)+
                }
            }

            /// Whether runs also warn with it, and go on.
            pub const fn warns(self) -> bool {
                match self {
                    $($(Self::$code => warns!($($warning)?),)+)+
                }
            }

            /// What becomes of it where `[policy.lint]` says nothing; none for what is no lint.
            pub const fn level(self) -> Option<Level> {
                match self {
                    $($(Self::$code => level!($($warning)?),)+)+
                }
            }

            /// What it is about.
            pub const fn group(self) -> Group {
                match self {
                    $($(Self::$code)|+ => Group::$group,)+
                }
            }
        }
    };
}

codes! {
    Apply "apply" "Applying a plan" {
        ApplyAmbiguous "apply::ambiguous" Error "The reply to a creation was lost, and several objects could be what it created"
        ApplyApplied "apply::applied" Stale "The saved plan was already applied, or everything in it is already done"
        ApplyInterrupted "apply::interrupted" "An apply was stopped by a signal before it was done"
        ApplyOutgrown "apply::outgrown" Stale "Something was not deleted, because more is at stake than when the plan was made"
        ApplyStale "apply::stale" Stale "What would be done is no longer what was reviewed"
        ApplyTimeout "apply::timeout" Unavailable "An apply reached its --timeout before it was done"
        ApplyUnfinished "apply::unfinished" |Warning "What an interrupted run left on the server could not be deleted"
    }
    Bucket "bucket" "Buckets" {
        BucketName "bucket::name" Manifest "A bucket cannot have this name"
        BucketRetention "bucket::retention" Manifest "A bucket's retention or shard-group duration is shorter or longer than InfluxDB allows"
        BucketShardGroup "bucket::shard-group" Manifest "A bucket's shard-group duration is too short, or does not fit its retention"
    }
    Check "check" "Checks" {
        CheckCustom "check::custom" Manifest "The script of a custom check lacks what InfluxDB asks for, or disagrees with the manifest"
        CheckMessage "check::message" Manifest "The message of a check is no string of Flux"
        CheckName "check::name" Manifest "A check cannot have this name"
        CheckQuery "check::query" Manifest "InfluxDB cannot make a check of the query"
        CheckRule "check::rule" Manifest|Warning "A check looks for nothing, for two things, or for values that cannot be or always are"
        CheckSchedule "check::schedule" Manifest "A check's schedule is missing or cannot be used"
        CheckTags "check::tags" Manifest "A tag of a check's statuses has a key or a value that it cannot have"
    }
    Cli "cli" "The command line" {
        CliAddress "cli::address" Usage "A saved plan is shown as a whole, and an address was given"
        CliDeclined "cli::declined" Declined "The question was answered with no"
        CliFormat "cli::format" Usage "This output format is not available here"
        CliInterrupted "cli::interrupted" "The run was stopped by a signal before it changed anything"
        CliName "cli::name" Usage "A file to be written has the name of a manifest or a script"
        CliNoTerminal "cli::no-terminal" Usage "There is nobody to ask for approval"
        CliOutput "cli::output" Error "The output cannot be written"
        CliRuntime "cli::runtime" Error "fluxform cannot start its threads"
        CliSeveral "cli::several" Usage "An option for one project was given together with several projects"
        CliTimeout "cli::timeout" Unavailable "The run reached its --timeout before it changed anything"
        CliTwice "cli::twice" Usage "A project is listed twice"
        CliUnknown "cli::unknown" Usage "The command line has a command or an option that does not exist"
        CliUsage "cli::usage" Usage "The command line is wrong"
    }
    Connection "connection" "The connection to a server" {
        ConnectionCertificate "connection::certificate" "The file of a certificate or a key cannot be read"
        ConnectionClient "connection::client" Usage "A client for the server cannot be made with these settings"
        ConnectionEmbedded "connection::embedded" Error "The command needs the URL of a server, and the embedded server has none"
        ConnectionInfluxCli "connection::influx-cli" Usage "The connections file of the influx CLI cannot be used"
        ConnectionKnownHosts "connection::known-hosts" |Warning "The answer whether a server may get the token cannot be saved"
        ConnectionNoHost "connection::no-host" Usage "No server is set"
        ConnectionNoOrg "connection::no-org" Usage "No org is set"
        ConnectionNoToken "connection::no-token" NotAuthorized "There is no token for the server"
        ConnectionPlainHttp "connection::plain-http" Usage "The token would go to another machine without encryption"
        ConnectionSkipVerify "connection::skip-verify" Usage|Warning "INFLUX_SKIP_VERIFY is set, and the server's certificate is not checked"
        ConnectionToken "connection::token" "The token cannot be read from its file"
        ConnectionTokenWithheld "connection::token-withheld" NotAuthorized "The token is not sent to a server that only a manifest names"
        ConnectionTwoHosts "connection::two-hosts" Usage "The manifest and the environment name different servers"
        ConnectionUnusedToken "connection::unused-token" |Warning "A token was given to the embedded server, which creates its own"
        ConnectionUrl "connection::url" "The URL of the server is invalid"
    }
    Convert "convert" "Converting templates and Terraform's states" {
        ConvertCopied "convert::copied" | Warning "A text in the source looks like a secret, and was copied"
        ConvertObject "convert::object" Partial "Something in the source cannot be converted, and was left out"
        ConvertPart "convert::part" | Warning "A part of something in the source was left out, or is otherwise"
        ConvertSecret "convert::secret" | Warning "The source has a secret in plain text, which was not copied"
        ConvertSource "convert::source" Manifest "The source cannot be read"
    }
    Dashboard "dashboard" "Dashboards" {
        DashboardFile "dashboard::file" Manifest "A file has no dashboard that can be read"
        DashboardLayout "dashboard::layout" Manifest "A cell is not on the grid of its dashboard, or lies over another one"
        DashboardView "dashboard::view" Manifest "A cell shows nothing, two things, or something that InfluxDB does not know"
    }
    Embedded "embedded" "The embedded server" {
        EmbeddedDamaged "embedded::damaged" Unavailable "The file of the embedded server is damaged"
        EmbeddedFile "embedded::file" "The file of the embedded server cannot be used"
        EmbeddedListen "embedded::listen" Error "The embedded server cannot listen on this address"
        EmbeddedLocked "embedded::locked" Locked "Another process uses the file of the embedded server"
        EmbeddedStore "embedded::store" Error "The embedded server's store has failed"
    }
    Endpoint "endpoint" "Notification endpoints" {
        EndpointName "endpoint::name" Manifest "A notification endpoint cannot have this name"
        EndpointSecret "endpoint::secret" Manifest "A secret of a notification endpoint is missing, or is none that it can have"
        EndpointSort "endpoint::sort" Manifest "A notification endpoint sends nowhere, or to two places"
        EndpointUrl "endpoint::url" Manifest "A notification endpoint cannot send to this URL"
    }
    Explain "explain" "Explaining a code" {
        ExplainUnknown "explain::unknown" Usage "There is no code with this text"
    }
    Export "export" "Exporting a server" {
        ExportDirectory "export::directory" Error "The current directory cannot be opened"
        ExportExists "export::exists" Error "There already is something where the export is to be written"
        ExportLabel "export::label" Error "No label of this name can be seen on the server"
        ExportNothing "export::nothing" Error "There is no server to export from"
        ExportUnsound "export::unsound" Bug "What was exported would not describe the server"
        ExportWrite "export::write" Error "The export cannot be written"
    }
    Flux "flux" "Flux scripts" {
        FluxBom "flux::bom" |Warning "A script begins with a byte-order mark, which influxd refuses"
        FluxBroadGroup "flux::broad-group" Manifest|Allow "A script groups by times or values, into a table for nearly each point"
        FluxDeprecated "flux::deprecated" Manifest|Warn "A script uses a function that has a successor"
        FluxExpression "flux::expression" Manifest "A script uses an expression of the manifests"
        FluxHiddenPlace "flux::hidden-place" |Warning "A string is hidden in a script that reaches what only a run can tell"
        FluxJoinedLines "flux::joined-lines" Manifest|Warn "A line looks like a statement of its own, and goes on with the one above"
        FluxLateFilter "flux::late-filter" Manifest|Warn "A `filter` comes after `group` or `map`, and could come before"
        FluxLibrary "flux::library" Manifest|Warning "A file cannot be a library of a script, or a script looks as if it had one"
        FluxLongPipe "flux::long-pipe" Manifest|Warn "A script has so many pipes in a row that InfluxDB takes long to read it, or never runs it"
        FluxLoop "flux::loop" Manifest|Warn "Tasks pass data on to each other in a circle"
        FluxMissing "flux::missing" Manifest|Warning "A script names a bucket, a secret or a variable that neither the project nor the server has"
        FluxMissingColumn "flux::missing-column" Manifest|Warn "A script needs a column that it has taken away before"
        FluxName "flux::name" Manifest|Deny "A script uses a name that is not defined, or an argument that does not exist"
        FluxNoMeasurement "flux::no-measurement" Manifest|Allow "A script writes what it reads of all measurements of a bucket"
        FluxNoOffset "flux::no-offset" Manifest|Allow "A task reads up to now, and what comes late is never read"
        FluxNoRange "flux::no-range" Manifest|Warn "A script reads a bucket without a `range`, which InfluxDB refuses"
        FluxNotUtf8 "flux::not-utf8" Manifest "A script is not UTF-8"
        FluxOtherOrg "flux::other-org" Manifest|Warn "A script reads or writes in another org, which InfluxDB refuses"
        FluxOwnOutput "flux::own-output" Manifest|Warn "A script writes into what it reads, and reads it again"
        FluxParams "flux::params" Manifest "A script uses a parameter that the manifest does not give, or in a way that it cannot"
        FluxReformatted "flux::reformatted" Manifest|Warn "InfluxDB's formatter changes what a script means"
        FluxRefused "flux::refused" Manifest|Warn "A script calls a function in a way that InfluxDB refuses in each run"
        FluxRegexEquality "flux::regex-equality" Manifest|Warn "A regular expression matches a single text"
        FluxSecretLiteral "flux::secret-literal" Manifest|Warn "A script has a secret in plain text"
        FluxSyntax "flux::syntax" Manifest|Warning "A script is not valid Flux"
        FluxType "flux::type" Manifest "A script does not compile, as the server says"
        FluxUnchecked "flux::unchecked" |Warning "The server did not check scripts for type errors"
        FluxUnknownBucket "flux::unknown-bucket" Manifest|Warn "Only a run can tell which bucket a script reads or writes"
        FluxUnknownLint "flux::unknown-lint" Manifest|Warn "A comment allows a lint that does not exist"
        FluxUnreadable "flux::unreadable" Manifest "A script cannot be read"
        FluxUnwritable "flux::unwritable" Error "A formatted script cannot be written"
        FluxWideRange "flux::wide-range" Manifest|Warn "A task computes far more windows each time it runs than are new"
        FluxWideWindow "flux::wide-window" Manifest|Warn "A window is longer than the range that it divides"
    }
    Forget "forget" "Forgetting resources" {
        ForgetDeclared "forget::declared" |Warning "A forgotten resource is still declared, so the next apply takes it over again"
        ForgetPredecessors "forget::predecessors" Refused "A forgotten resource has replaced an object that still works"
        ForgetUnknown "forget::unknown" Error "The project owns nothing with this address"
    }
    Git "git" "Git" {
        GitNotIgnored "git::not-ignored" |Warning "Git does not ignore a file that should never be committed"
    }
    Guard "guard" "Guards, which refuse a plan" {
        GuardAdopted "guard::adopted" Refused "An object that the project did not create would be replaced"
        GuardAdoption "guard::adoption" Refused "The plan would take over existing objects, and nobody has agreed to that"
        GuardBlastRadius "guard::blast-radius" Refused "The plan would delete a large part of what the project owns"
        GuardDataLoss "guard::data-loss" Refused "The plan would lose data, and nobody has agreed to that"
        GuardEmpty "guard::empty" Refused "The manifests declare nothing, so the plan would delete all that the project owns"
        GuardImported "guard::imported" Refused "An import would create or replace an object instead of taking it over"
        GuardNameTaken "guard::name-taken" Refused "A new name is already taken by another object"
        GuardOwnToken "guard::own-token" Refused "The plan would end the token that the run itself uses"
        GuardOwnUser "guard::own-user" Refused "The plan would end the user that the run itself acts as"
        GuardPreventDestroy "guard::prevent-destroy" Refused "A resource with `prevent_destroy` would be destroyed"
        GuardProtected "guard::protected" Refused "A resource that `[policy]` protects would be destroyed"
        GuardSystem "guard::system" Refused "The plan would change an object of InfluxDB's own, or a project's ledger"
        GuardTaskOwner "guard::task-owner" Refused "A user would lose the org in which tasks, checks or rules run as that user"
    }
    Import "import" "Importing objects" {
        ImportAbsent "import::absent" Error "The server has no object with the ID that is to be imported"
        ImportAnotherKind "import::another-kind" Error "The ID that is to be imported belongs to an object of another kind"
        ImportAnotherObject "import::another-object" Error "The address already is another object"
        ImportAnotherOrg "import::another-org" Error "The object that is to be imported is in another org"
        ImportOwned "import::owned" Error "The object that is to be imported already is another resource of the project"
        ImportSystem "import::system" Manifest "The object that is to be imported is never managed"
        ImportUnreadable "import::unreadable" NotAuthorized "The object that is to be imported cannot be read with this token"
    }
    Init "init" "Starting a project" {
        InitExists "init::exists" Error "A file that `fluxform init` would write already exists"
        InitWrite "init::write" Error "`fluxform init` cannot write a file"
    }
    Label "label" "Labels" {
        LabelName "label::name" Manifest "A label's name is empty"
        LabelProperties "label::properties" Manifest "A label has a property with an empty value"
    }
    Ledger "ledger" "The ledger, which records what a project owns" {
        LedgerAbsent "ledger::absent" Error "The project was never applied there, so there is no drift to look for"
        LedgerEdited "ledger::edited" Error|Warning "A label of the ledger was edited by hand"
        LedgerEntryTwice "ledger::entry-twice" Error|Warning "An address is in the ledger twice"
        LedgerForeignLabel "ledger::foreign-label" Error|Warning "A label that is no ledger has the name of the project's ledger"
        LedgerForged "ledger::forged" Error|Warning "A label of the ledger was signed with another key"
        LedgerHeadMissing "ledger::head-missing" Error|Warning "The ledger's first label was deleted"
        LedgerHidden "ledger::hidden" NotAuthorized|Warning "The token may not read all labels of the ledger"
        LedgerKey "ledger::key" "The key that signs the ledger is missing or cannot be used"
        LedgerNewerFormat "ledger::newer-format" Error|Warning "The ledger was written by a later version of fluxform"
        LedgerNoKey "ledger::no-key" Error|Warning "The ledger is signed, and this run has no key to sign it with"
        LedgerOtherOrg "ledger::other-org" Error|Warning "A label of the ledger was copied from another org or server"
        LedgerPageMissing "ledger::page-missing" Error|Warning "A page of the ledger was deleted"
        LedgerRenamed "ledger::renamed" Error|Warning "A label of the ledger was renamed"
        LedgerRequest "ledger::request" "A request for the ledger has failed"
        LedgerRolledBack "ledger::rolled-back" Error|Warning "A label of the ledger is from an earlier state, or from another ledger"
        LedgerStale "ledger::stale" Stale "The ledger has changed since it was shown"
        LedgerTwice "ledger::twice" Error|Warning "Two labels are the same part of the ledger"
        LedgerUnreadable "ledger::unreadable" Error|Warning "A ledger cannot be read"
        LedgerUnsigned "ledger::unsigned" Error|Warning "A label of the ledger is not signed, and only signed ones count"
        LedgerUnverified "ledger::unverified" |Warning "The ledger is signed, and this run has no key to check it with"
    }
    Lock "lock" "The lock of a project" {
        LockChanged "lock::changed" Stale "The lock has another holder than the one that was to lose it"
        LockClock "lock::clock" Unavailable "The server's clock jumps, so nobody can tell how long a lock is valid"
        LockHeld "lock::held" Locked "Another run holds the lock"
        LockLost "lock::lost" Locked "The run has lost its lock, and has stopped writing"
        LockNoDate "lock::no-date" Unavailable "The server's replies have no date, so nobody can tell how long a lock is valid"
    }
    Manifest "manifest" "Manifests" {
        ManifestAddress "manifest::address" Manifest "A text that must be an address is none"
        ManifestCommand "manifest::command" Manifest "A command that delivers or provides a secret cannot be started as it is written"
        ManifestCycle "manifest::cycle" Manifest "Resources or variables depend on each other in a circle"
        ManifestDefaults "manifest::defaults" Manifest "A field that differs from resource to resource has a default"
        ManifestDisabled "manifest::disabled" Manifest "A resource refers to one that is disabled"
        ManifestDuplicate "manifest::duplicate" Manifest "A section, resource or variable is declared twice"
        ManifestDuplicateName "manifest::duplicate-name" Manifest "Two resources are the same object on the server, or claim what only one can have"
        ManifestDuration "manifest::duration" Manifest "A duration is invalid"
        ManifestEmpty "manifest::empty" Manifest "The project declares no resource, and owns none"
        ManifestEnabled "manifest::enabled" Manifest "`enabled` uses something that is not a variable"
        ManifestExpression "manifest::expression" Manifest "An expression `${...}` cannot be used here"
        ManifestExternal "manifest::external" Manifest "A field is not allowed in an external resource, or only in one"
        ManifestFile "manifest::file" Manifest "The file of a script or configuration cannot be read"
        ManifestForEach "manifest::for-each" Manifest "`for_each` is not a list, a table or a resource with keys that can be used"
        ManifestForbiddenName "manifest::forbidden-name" Manifest "A name is reserved for the ledger or for InfluxDB itself"
        ManifestId "manifest::id" "A text that must be an ID is none"
        ManifestImport "manifest::import" "An `[[import]]` cannot be followed"
        ManifestIndex "manifest::index" Manifest "An index does not fit the resource that it stands at"
        ManifestKey "manifest::key" Manifest "A resource has no key, or one that cannot be used"
        ManifestKind "manifest::kind" Manifest "A reference names a resource of another kind than is needed"
        ManifestLimit "manifest::limit" Manifest "The project is larger than a limit allows"
        ManifestMissing "manifest::missing" Manifest "A required key is missing"
        ManifestMore "manifest::more" Manifest|Warning "There are more mistakes than are shown"
        ManifestMoved "manifest::moved" Manifest "A `[[moved]]` cannot be followed"
        ManifestNoFile "manifest::no-file" Manifest "The directory has no manifest"
        ManifestNoProject "manifest::no-project" Manifest "No manifest has a `[project]`"
        ManifestNotUtf8 "manifest::not-utf8" Manifest "A manifest is not UTF-8"
        ManifestOrg "manifest::org" Manifest "Resources that belong together are in different orgs"
        ManifestParams "manifest::params" Manifest|Warning "A parameter of a script cannot be written as Flux, or is the text of an address"
        ManifestPath "manifest::path" Manifest "A path cannot be used"
        ManifestScope "manifest::scope" Manifest "A permission in `read` or `write` is not written as one"
        ManifestScopeOrg "manifest::scope-org" Manifest "A token would have rights in an org that is not its own"
        ManifestSecret "manifest::secret" Manifest "The source of a secret is not written as one"
        ManifestSecretLiteral "manifest::secret-literal" Manifest|Warning "A secret is written into a manifest"
        ManifestSink "manifest::sink" Manifest "The sink of a secret is not written as one"
        ManifestTextFile "manifest::text-file" Manifest "A script or configuration is neither a text nor one file"
        ManifestToml "manifest::toml" Manifest "A manifest is not valid TOML"
        ManifestTwice "manifest::twice" Manifest "A list has the same address twice"
        ManifestType "manifest::type" Manifest "A value has the wrong type"
        ManifestUnknownKey "manifest::unknown-key" Manifest "A key or field does not exist"
        ManifestUnknownKind "manifest::unknown-kind" Manifest "A kind or section does not exist"
        ManifestUnknownResource "manifest::unknown-resource" Manifest "A reference names a resource that is not declared"
        ManifestUnknownType "manifest::unknown-type" Manifest "A permission names a type of objects that does not exist"
        ManifestUnknownVariable "manifest::unknown-variable" Manifest|Warning "A variable is used or given that is not declared"
        ManifestUnreadable "manifest::unreadable" Manifest "A manifest cannot be read"
        ManifestValue "manifest::value" Manifest "A value is not one of those that are allowed"
        ManifestVariableSecret "manifest::variable-secret" Manifest "A variable with a secret is given or used where it would be shown"
        ManifestVariableUnset "manifest::variable-unset" Manifest "A variable has no value"
        ManifestVariableValue "manifest::variable-value" Manifest "A variable has a value that its `one_of` does not allow"
    }
    Org "org" "Orgs" {
        OrgName "org::name" Manifest "An org's name is empty"
    }
    Output "output" "Printing names and IDs" {
        OutputMissing "output::missing" Error "The resource is declared, but the project does not own it on the server yet"
        OutputSeveral "output::several" Usage "--field prints one resource, and several were named"
        OutputUnknown "output::unknown" Error "The project has no resource with this address"
    }
    Plan "plan" "Making and saving a plan" {
        PlanAnotherRun "plan::another-run" |Warning "Another run is changing the project right now"
        PlanCircle "plan::circle" Manifest "Changes depend on each other in a circle"
        PlanExternalAbsent "plan::external-absent" Error "An external object does not exist on the server"
        PlanForeignOwner "plan::foreign-owner" Refused "The plan would take over an object that another project owns"
        PlanLeftover "plan::leftover" |Warning "An interrupted run left something behind"
        PlanMovedOntoAnother "plan::moved-onto-another" Error "A `[[moved]]` leads to an address that already has an object"
        PlanNoConsent "plan::no-consent" Refused "A saved plan needs a consent that only the command line can give"
        PlanNoProject "plan::no-project" Usage "The directory for a saved plan has no manifest"
        PlanNotAPlan "plan::not-a-plan" Usage "The file is not a plan file that can be used"
        PlanNotTheSame "plan::not-the-same" Refused "The object that would be deleted may not be the one that the project owns"
        PlanNothingDeclared "plan::nothing-declared" |Warning "The manifests declare nothing of what the project owns"
        PlanOtherProject "plan::other-project" Stale "The saved plan belongs to another project"
        PlanOtherServer "plan::other-server" Stale "The saved plan was made for another server or org"
        PlanOut "plan::out" "The plan cannot be saved to this file"
        PlanPassesOn "plan::passes-on" |Warning "What only one object can be passes to another one when its object is deleted"
        PlanSameProject "plan::same-project" Manifest "Two of the listed projects are the same project on one server"
        PlanSecretDiffers "plan::secret-differs" |Warning "The server has another secret than its source gives"
        PlanSecretMissing "plan::secret-missing" |Warning "A file with a delivered secret is missing"
        PlanSecretNotMade "plan::secret-not-made" |Warning "An adopted token has a secret that fluxform cannot deliver, or is not rotated"
        PlanSecretNotSet "plan::secret-not-set" |Warning "A secret or password is not set: the object keeps the one that it has, or has none"
        PlanSecretStays "plan::secret-stays" |Warning "A secret stops working, but stays where it was delivered"
        PlanSecretUnknown "plan::secret-unknown" |Warning "Whether a secret is as it should be could not be found out"
        PlanStillUsed "plan::still-used" |Warning "Something that the project does not manage uses what is deleted or renamed"
        PlanTwoCandidates "plan::two-candidates" Error "A resource matches several objects on the server"
        PlanTwoOwners "plan::two-owners" Refused "Two projects own the same object"
        PlanUnreadable "plan::unreadable" Usage "The plan file cannot be read"
        PlanWouldFail "plan::would-fail" |Warning "InfluxDB has tried what would be made, and it does not work"
    }
    Policy "policy" "The `[policy]` of a project" {
        PolicyAllowsNothing "policy::allows-nothing" |Warning "A consent in `[policy]` matches no resource"
        PolicyExpired "policy::expired" |Warning "A consent in `[policy]` has expired"
        PolicyProtectsNothing "policy::protects-nothing" |Warning "A pattern in `protected` matches no resource"
    }
    Record "record" "Adopting, forgetting and importing" {
        RecordStale "record::stale" Stale "The server or the ledger has changed since the question was asked"
    }
    Rule "rule" "Notification rules" {
        RuleMessage "rule::message" Manifest "The message of a notification rule is no string of Flux"
        RuleName "rule::name" Manifest "A notification rule cannot have this name"
        RuleSchedule "rule::schedule" Manifest "A notification rule's schedule cannot be used"
        RuleSort "rule::sort" Manifest "A notification rule does not fit its endpoint"
        RuleStatus "rule::status" Manifest "A notification rule is about statuses that there cannot be"
        RuleTags "rule::tags" Manifest "A notification rule asks for a tag that no status can have"
    }
    Scraper "scraper" "Scrapers" {
        ScraperUrl "scraper::url" Manifest "A scraper's URL cannot be used"
    }
    Secret "secret" "Secrets" {
        SecretFailed "secret::failed" Secret "A secret could not be set or delivered"
        SecretKey "secret::key" Manifest "The key of a secret cannot be one"
        SecretNotDelivered "secret::not-delivered" Secret "A new token was created, but its secret could not be delivered"
        SecretSink "secret::sink" Secret|Warning "A sink cannot receive a secret"
        SecretSource "secret::source" Secret|Warning "A secret cannot be read from its source"
    }
    Server "server" "The server's answers" {
        ServerBadToken "server::bad-token" "The server does not accept the token"
        ServerConflict "server::conflict" "The server has another object with the same name"
        ServerDenied "server::denied" "The token lacks a permission"
        ServerHiddenOrg "server::hidden-org" NotAuthorized "The token may not read the org, so its ID is unknown"
        ServerNoOrg "server::no-org" "The server has no org of this name"
        ServerNotFound "server::not-found" "The server has no such object"
        ServerNotOurs "server::not-ours" "The server's answer cannot be trusted"
        ServerRefused "server::refused" "The server refuses the request"
        ServerTwoOrgs "server::two-orgs" Error "The server has more than one org of this name"
        ServerUnavailable "server::unavailable" "The server cannot be reached"
        ServerUnexpected "server::unexpected" "The server's answer is not one of InfluxDB 2"
        ServerVirgin "server::virgin" Unavailable "The server is not set up yet"
    }
    Setup "setup" "Setting up a server" {
        SetupDirectory "setup::directory" Error "The current directory cannot be used"
        SetupDone "setup::done" Error "The server is already set up"
        SetupEmbedded "setup::embedded" Usage "The embedded server needs no setup"
        SetupLost "setup::lost" Unavailable "The server's answer was lost, so it may be set up"
        SetupPassword "setup::password" "The password for the first user is missing or cannot be used"
        SetupToken "setup::token" Secret "The first token cannot be written to its file"
    }
    Show "show" "Showing what a project owns" {
        ShowUnknown "show::unknown" Error "The project does not own this address"
    }
    Sight "sight" "What the token sees" {
        SightAnotherUser "sight::another-user" NotAuthorized|Warning "A token that would be changed or deleted belongs to another user"
        SightBlind "sight::blind" NotAuthorized "The token does not see enough to tell whether an object exists"
        SightLedger "sight::ledger" NotAuthorized "The token does not see enough to tell whether the project was ever applied"
        SightNotAnOwner "sight::not-an-owner" NotAuthorized|Warning "A task, check or rule would never run, because the token's user does not own the org"
        SightRights "sight::rights" NotAuthorized "The token lacks something that a run of the project takes, or is not proven to have it"
        SightUnreadable "sight::unreadable" NotAuthorized|Warning "The token may not read an object that the project owns, or a part of it"
    }
    Task "task" "Tasks" {
        TaskCron "task::cron" Manifest|Warning "A cron expression is wrong, or means more than it seems to"
        TaskDisagrees "task::disagrees" Manifest "The manifest and the script say different things about the task"
        TaskFlux "task::flux" Manifest "The script of a task cannot be completed"
        TaskName "task::name" Manifest "A task's name is empty"
        TaskSchedule "task::schedule" Manifest "A task's schedule is missing or cannot be used"
    }
    Telegraf "telegraf" "Telegraf configurations" {
        TelegrafExpression "telegraf::expression" Manifest "A Telegraf configuration has an expression of the manifests, which nothing replaces"
        TelegrafSecret "telegraf::secret" |Warning "A Telegraf configuration has a secret in plain text"
        TelegrafToml "telegraf::toml" Manifest|Warning "A Telegraf configuration is not TOML"
    }
    Token "token" "Tokens" {
        TokenOperator "token::operator" Manifest "The project manages orgs or users, which only an operator may do"
        TokenScopes "token::scopes" Manifest "A token has no permission, or it is not known which it needs"
    }
    User "user" "Users" {
        UserName "user::name" Manifest "A user's name is empty"
        UserPassword "user::password" Manifest "`password_version` is set, and there is no password"
        UserRoles "user::roles" Manifest "A user is both member and owner of an org"
    }
    Variable "variable" "Variables of dashboards" {
        VariableName "variable::name" Manifest|Warning "A variable cannot have this name, or scripts cannot say it as `v.NAME`"
        VariableSelected "variable::selected" |Warning "A variable selects a value that it does not have"
        VariableSource "variable::source" Manifest "A variable has no values, or values from two sources"
    }
}

impl Code {
    /// The code with this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.binary_search_by(|code| code.text().cmp(text)).ok().map(|at| Self::ALL[at])
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| serde::de::Error::custom(format_args!("unknown code `{text}`")))
    }
}
