//! Every code that a diagnostic can have: a stable text, and what it means in general.

#[cfg(test)]
mod tests;

use std::fmt;

/// Makes the list of codes: of each group its name, text and title, and of each of its codes the same, in the order of
/// their texts.
macro_rules! codes {
    ($($group:ident $word:literal $about:literal { $($code:ident $text:literal $title:literal)+ })+) => {
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
        ApplyAmbiguous "apply::ambiguous" "The reply to a creation was lost, and several objects could be what it created"
        ApplyApplied "apply::applied" "The saved plan was already applied, or everything in it is already done"
        ApplyInterrupted "apply::interrupted" "An apply was stopped by a signal before it was done"
        ApplyOutgrown "apply::outgrown" "Something was not deleted, because more is at stake than when the plan was made"
        ApplyStale "apply::stale" "What would be done is no longer what was reviewed"
        ApplyTimeout "apply::timeout" "An apply reached its --timeout before it was done"
        ApplyUnfinished "apply::unfinished" "What an interrupted run left on the server could not be deleted"
    }
    Bucket "bucket" "Buckets" {
        BucketName "bucket::name" "A bucket cannot have this name"
        BucketRetention "bucket::retention" "A bucket's retention or shard-group duration is shorter or longer than InfluxDB allows"
        BucketShardGroup "bucket::shard-group" "A bucket's shard-group duration is too short, or does not fit its retention"
    }
    Cli "cli" "The command line" {
        CliAddress "cli::address" "A saved plan is shown as a whole, and an address was given"
        CliDeclined "cli::declined" "The question was answered with no"
        CliFormat "cli::format" "This output format is not available here"
        CliInterrupted "cli::interrupted" "The run was stopped by a signal before it changed anything"
        CliName "cli::name" "A file to be written has the name of a manifest or a script"
        CliNoTerminal "cli::no-terminal" "There is nobody to ask for approval"
        CliOutput "cli::output" "The output cannot be written"
        CliRuntime "cli::runtime" "fluxform cannot start its threads"
        CliSeveral "cli::several" "An option for one project was given together with several projects"
        CliTimeout "cli::timeout" "The run reached its --timeout before it changed anything"
        CliTwice "cli::twice" "A project is listed twice"
        CliUnknown "cli::unknown" "The command line has a command or an option that does not exist"
        CliUsage "cli::usage" "The command line is wrong"
    }
    Connection "connection" "The connection to a server" {
        ConnectionCertificate "connection::certificate" "The file of a certificate or a key cannot be read"
        ConnectionClient "connection::client" "A client for the server cannot be made with these settings"
        ConnectionEmbedded "connection::embedded" "The command needs the URL of a server, and the embedded server has none"
        ConnectionInfluxCli "connection::influx-cli" "The connections file of the influx CLI cannot be used"
        ConnectionKnownHosts "connection::known-hosts" "The answer whether a server may get the token cannot be saved"
        ConnectionNoHost "connection::no-host" "No server is set"
        ConnectionNoOrg "connection::no-org" "No org is set"
        ConnectionNoToken "connection::no-token" "There is no token for the server"
        ConnectionPlainHttp "connection::plain-http" "The token would go to another machine without encryption"
        ConnectionSkipVerify "connection::skip-verify" "INFLUX_SKIP_VERIFY is set, and the server's certificate is not checked"
        ConnectionToken "connection::token" "The token cannot be read from its file"
        ConnectionTokenWithheld "connection::token-withheld" "The token is not sent to a server that only a manifest names"
        ConnectionTwoHosts "connection::two-hosts" "The manifest and the environment name different servers"
        ConnectionUnusedToken "connection::unused-token" "A token was given to the embedded server, which creates its own"
        ConnectionUrl "connection::url" "The URL of the server is invalid"
    }
    Embedded "embedded" "The embedded server" {
        EmbeddedDamaged "embedded::damaged" "The file of the embedded server is damaged"
        EmbeddedFile "embedded::file" "The file of the embedded server cannot be used"
        EmbeddedListen "embedded::listen" "The embedded server cannot listen on this address"
        EmbeddedLocked "embedded::locked" "Another process uses the file of the embedded server"
        EmbeddedStore "embedded::store" "The embedded server's store has failed"
    }
    Export "export" "Exporting a server" {
        ExportDirectory "export::directory" "The current directory cannot be opened"
        ExportExists "export::exists" "There already is something where the export is to be written"
        ExportLabel "export::label" "No label of this name can be seen on the server"
        ExportNothing "export::nothing" "There is no server to export from"
        ExportUnsound "export::unsound" "What was exported would not describe the server"
        ExportWrite "export::write" "The export cannot be written"
    }
    Flux "flux" "Flux scripts" {
        FluxBom "flux::bom" "A script begins with a byte-order mark, which influxd refuses"
        FluxName "flux::name" "A script uses a name that is not defined, or an argument that does not exist"
        FluxNotUtf8 "flux::not-utf8" "A script is not UTF-8"
        FluxSyntax "flux::syntax" "A script is not valid Flux"
        FluxUnreadable "flux::unreadable" "A script cannot be read"
        FluxUnwritable "flux::unwritable" "A formatted script cannot be written"
    }
    Forget "forget" "Forgetting resources" {
        ForgetDeclared "forget::declared" "A forgotten resource is still declared, so the next apply takes it over again"
        ForgetUnknown "forget::unknown" "The project owns nothing with this address"
    }
    Git "git" "Git" {
        GitNotIgnored "git::not-ignored" "Git does not ignore a file that should never be committed"
    }
    Guard "guard" "Guards, which refuse a plan" {
        GuardAdopted "guard::adopted" "An object that the project did not create would be replaced"
        GuardAdoption "guard::adoption" "The plan would take over existing objects, and nobody has agreed to that"
        GuardBlastRadius "guard::blast-radius" "The plan would delete a large part of what the project owns"
        GuardDataLoss "guard::data-loss" "The plan would lose data, and nobody has agreed to that"
        GuardEmpty "guard::empty" "The manifests declare nothing, so the plan would delete all that the project owns"
        GuardImported "guard::imported" "An import would create or replace an object instead of taking it over"
        GuardNameTaken "guard::name-taken" "A new name is already taken by another object"
        GuardOwnToken "guard::own-token" "The plan would end the token that the run itself uses"
        GuardOwnUser "guard::own-user" "The plan would end the user that the run itself acts as"
        GuardPreventDestroy "guard::prevent-destroy" "A resource with `prevent_destroy` would be destroyed"
        GuardProtected "guard::protected" "A resource that [policy] protects would be destroyed"
        GuardSystem "guard::system" "The plan would change an object of InfluxDB's own, or a project's ledger"
        GuardTaskOwner "guard::task-owner" "A user would lose the org in which tasks run as that user"
    }
    Import "import" "Importing objects" {
        ImportAbsent "import::absent" "The server has no object with the ID that is to be imported"
        ImportAnotherKind "import::another-kind" "The ID that is to be imported belongs to an object of another kind"
        ImportAnotherObject "import::another-object" "The address already is another object"
        ImportAnotherOrg "import::another-org" "The object that is to be imported is in another org"
        ImportOwned "import::owned" "The object that is to be imported already is another resource of the project"
        ImportSystem "import::system" "The object that is to be imported is never managed"
        ImportUnreadable "import::unreadable" "The object that is to be imported cannot be read with this token"
    }
    Init "init" "Starting a project" {
        InitExists "init::exists" "A file that `fluxform init` would write already exists"
        InitWrite "init::write" "`fluxform init` cannot write a file"
    }
    Label "label" "Labels" {
        LabelName "label::name" "A label's name is empty"
        LabelProperties "label::properties" "A label has a property with an empty value"
    }
    Ledger "ledger" "The ledger, which records what a project owns" {
        LedgerEdited "ledger::edited" "A label of the ledger was edited by hand"
        LedgerEntryTwice "ledger::entry-twice" "An address is in the ledger twice"
        LedgerForeignLabel "ledger::foreign-label" "A label that is no ledger has the name of the project's ledger"
        LedgerForged "ledger::forged" "A label of the ledger was signed with another key"
        LedgerHeadMissing "ledger::head-missing" "The ledger's first label was deleted"
        LedgerHidden "ledger::hidden" "The token may not read all labels of the ledger"
        LedgerKey "ledger::key" "The key that signs the ledger is missing or cannot be used"
        LedgerNewerFormat "ledger::newer-format" "The ledger was written by a later version of fluxform"
        LedgerNoKey "ledger::no-key" "The ledger is signed, and this run has no key to sign it with"
        LedgerOtherOrg "ledger::other-org" "A label of the ledger was copied from another org or server"
        LedgerPageMissing "ledger::page-missing" "A page of the ledger was deleted"
        LedgerRenamed "ledger::renamed" "A label of the ledger was renamed"
        LedgerRequest "ledger::request" "A request for the ledger has failed"
        LedgerRolledBack "ledger::rolled-back" "A label of the ledger is from an earlier state, or from another ledger"
        LedgerStale "ledger::stale" "The ledger has changed since it was shown"
        LedgerTwice "ledger::twice" "Two labels are the same part of the ledger"
        LedgerUnreadable "ledger::unreadable" "A ledger cannot be read"
        LedgerUnsigned "ledger::unsigned" "A label of the ledger is not signed, and only signed ones count"
        LedgerUnverified "ledger::unverified" "The ledger is signed, and this run has no key to check it with"
    }
    Lock "lock" "The lock of a project" {
        LockChanged "lock::changed" "The lock has another holder than the one that was to lose it"
        LockClock "lock::clock" "The server's clock jumps, so nobody can tell how long a lock is valid"
        LockHeld "lock::held" "Another run holds the lock"
        LockLost "lock::lost" "The run has lost its lock, and has stopped writing"
        LockNoDate "lock::no-date" "The server's replies have no date, so nobody can tell how long a lock is valid"
    }
    Manifest "manifest" "Manifests" {
        ManifestAddress "manifest::address" "A text that must be an address is none"
        ManifestCommand "manifest::command" "A command that delivers or provides a secret cannot be started as it is written"
        ManifestCycle "manifest::cycle" "Resources or variables depend on each other in a circle"
        ManifestDefaults "manifest::defaults" "A field that differs from resource to resource has a default"
        ManifestDisabled "manifest::disabled" "A resource refers to one that is disabled"
        ManifestDuplicate "manifest::duplicate" "A section, resource or variable is declared twice"
        ManifestDuplicateName "manifest::duplicate-name" "Two resources are the same object on the server"
        ManifestDuration "manifest::duration" "A duration is invalid"
        ManifestEmpty "manifest::empty" "The project declares no resource, and owns none"
        ManifestEnabled "manifest::enabled" "`enabled` uses something that is not a variable"
        ManifestExpression "manifest::expression" "An expression `${...}` cannot be used here"
        ManifestExternal "manifest::external" "A field is not allowed in an external resource, or only in one"
        ManifestFile "manifest::file" "The file of a script cannot be read"
        ManifestForEach "manifest::for-each" "`for_each` is not a list, a table or a resource with keys that can be used"
        ManifestForbiddenName "manifest::forbidden-name" "A name is reserved for the ledger or for InfluxDB itself"
        ManifestId "manifest::id" "A text that must be an ID is none"
        ManifestImport "manifest::import" "An [[import]] cannot be followed"
        ManifestIndex "manifest::index" "An index does not fit the resource that it stands at"
        ManifestKey "manifest::key" "A resource has no key, or one that cannot be used"
        ManifestKind "manifest::kind" "A reference names a resource of another kind than is needed"
        ManifestLimit "manifest::limit" "The project is larger than a limit allows"
        ManifestMissing "manifest::missing" "A required key is missing"
        ManifestMore "manifest::more" "There are more mistakes than are shown"
        ManifestMoved "manifest::moved" "A [[moved]] cannot be followed"
        ManifestNoFile "manifest::no-file" "The directory has no manifest"
        ManifestNoProject "manifest::no-project" "No manifest has a `[project]`"
        ManifestNotUtf8 "manifest::not-utf8" "A manifest is not UTF-8"
        ManifestOrg "manifest::org" "Resources that belong together are in different orgs"
        ManifestParams "manifest::params" "A parameter of a script cannot be written as Flux"
        ManifestPath "manifest::path" "A path cannot be used"
        ManifestScope "manifest::scope" "A permission in `read` or `write` is not written as one"
        ManifestScopeOrg "manifest::scope-org" "A token would have rights in an org that is not its own"
        ManifestSecret "manifest::secret" "The source of a secret is not written as one"
        ManifestSecretLiteral "manifest::secret-literal" "A secret is written into a manifest"
        ManifestSink "manifest::sink" "The sink of a secret is not written as one"
        ManifestTextFile "manifest::text-file" "A script or configuration is neither a text nor one file"
        ManifestToml "manifest::toml" "A manifest is not valid TOML"
        ManifestTwice "manifest::twice" "A list has the same address twice"
        ManifestType "manifest::type" "A value has the wrong type"
        ManifestUnknownKey "manifest::unknown-key" "A key or field does not exist"
        ManifestUnknownKind "manifest::unknown-kind" "A kind or section does not exist"
        ManifestUnknownResource "manifest::unknown-resource" "A reference names a resource that is not declared"
        ManifestUnknownType "manifest::unknown-type" "A permission names a type of objects that does not exist"
        ManifestUnknownVariable "manifest::unknown-variable" "A variable is used or given that is not declared"
        ManifestUnreadable "manifest::unreadable" "A manifest cannot be read"
        ManifestValue "manifest::value" "A value is not one of those that are allowed"
        ManifestVariableUnset "manifest::variable-unset" "A variable has no value"
        ManifestVariableValue "manifest::variable-value" "A variable has a value that its `one_of` does not allow"
    }
    Org "org" "Orgs" {
        OrgName "org::name" "An org's name is empty"
    }
    Output "output" "Printing names and IDs" {
        OutputMissing "output::missing" "The resource is declared, but the project does not own it on the server yet"
        OutputSeveral "output::several" "--field prints one resource, and several were named"
        OutputUnknown "output::unknown" "The project has no resource with this address"
    }
    Plan "plan" "Making and saving a plan" {
        PlanAnotherRun "plan::another-run" "Another run is changing the project right now"
        PlanCircle "plan::circle" "Changes depend on each other in a circle"
        PlanExternalAbsent "plan::external-absent" "An external object does not exist on the server"
        PlanForeignOwner "plan::foreign-owner" "The plan would take over an object that another project owns"
        PlanLeftover "plan::leftover" "An interrupted run left something behind"
        PlanMovedOntoAnother "plan::moved-onto-another" "A [[moved]] leads to an address that already has an object"
        PlanNoConsent "plan::no-consent" "A saved plan needs a consent that only the command line can give"
        PlanNoProject "plan::no-project" "The directory for a saved plan has no manifest"
        PlanNotAPlan "plan::not-a-plan" "The file is not a plan file that can be used"
        PlanNotTheSame "plan::not-the-same" "The object that would be deleted may not be the one that the project owns"
        PlanNothingDeclared "plan::nothing-declared" "The manifests declare nothing of what the project owns"
        PlanOtherProject "plan::other-project" "The saved plan belongs to another project"
        PlanOtherServer "plan::other-server" "The saved plan was made for another server or org"
        PlanOut "plan::out" "The plan cannot be saved to this file"
        PlanSameProject "plan::same-project" "Two of the listed projects are the same project on one server"
        PlanSecretMissing "plan::secret-missing" "A file with a delivered secret is missing"
        PlanSecretStays "plan::secret-stays" "A secret stops working, but stays where it was delivered"
        PlanTwoCandidates "plan::two-candidates" "A resource matches several objects on the server"
        PlanUnreadable "plan::unreadable" "The plan file cannot be read"
    }
    Policy "policy" "The [policy] of a project" {
        PolicyAllowsNothing "policy::allows-nothing" "A consent in [policy] matches no resource"
        PolicyExpired "policy::expired" "A consent in [policy] has expired"
        PolicyProtectsNothing "policy::protects-nothing" "A pattern in `protected` matches no resource"
    }
    Record "record" "Adopting, forgetting and importing" {
        RecordStale "record::stale" "The server or the ledger has changed since the question was asked"
    }
    Scraper "scraper" "Scrapers" {
        ScraperUrl "scraper::url" "A scraper's URL cannot be used"
    }
    Secret "secret" "Secrets" {
        SecretFailed "secret::failed" "A secret could not be set or delivered"
        SecretNotDelivered "secret::not-delivered" "A new token was created, but its secret could not be delivered"
        SecretSink "secret::sink" "A sink cannot receive a secret"
        SecretSource "secret::source" "A secret cannot be read from its source"
    }
    Server "server" "The server's answers" {
        ServerBadToken "server::bad-token" "The server does not accept the token"
        ServerConflict "server::conflict" "The server has another object with the same name"
        ServerDenied "server::denied" "The token lacks a permission"
        ServerHiddenOrg "server::hidden-org" "The token may not read the org, so its ID is unknown"
        ServerNoOrg "server::no-org" "The server has no org of this name"
        ServerNotFound "server::not-found" "The server has no such object"
        ServerNotOurs "server::not-ours" "The server's answer cannot be trusted"
        ServerRefused "server::refused" "The server refuses the request"
        ServerTwoOrgs "server::two-orgs" "The server has more than one org of this name"
        ServerUnavailable "server::unavailable" "The server cannot be reached"
        ServerUnexpected "server::unexpected" "The server's answer is not one of InfluxDB 2"
        ServerVirgin "server::virgin" "The server is not set up yet"
    }
    Setup "setup" "Setting up a server" {
        SetupDirectory "setup::directory" "The current directory cannot be used"
        SetupDone "setup::done" "The server is already set up"
        SetupEmbedded "setup::embedded" "The embedded server needs no setup"
        SetupLost "setup::lost" "The server's answer was lost, so it may be set up"
        SetupPassword "setup::password" "The password for the first user is missing or cannot be used"
        SetupToken "setup::token" "The first token cannot be written to its file"
    }
    Show "show" "Showing what a project owns" {
        ShowUnknown "show::unknown" "The project does not own this address"
    }
    Sight "sight" "What the token sees" {
        SightBlind "sight::blind" "The token does not see enough to tell whether an object exists"
        SightLedger "sight::ledger" "The token does not see enough to tell whether the project was ever applied"
        SightNotAnOwner "sight::not-an-owner" "A task would never run, because the token's user does not own the org"
        SightUnreadable "sight::unreadable" "The token may not read an object that the project owns"
    }
    Task "task" "Tasks" {
        TaskCron "task::cron" "A cron expression is wrong, or means more than it seems to"
        TaskDisagrees "task::disagrees" "The manifest and the script say different things about the task"
        TaskExpression "task::expression" "A script uses an expression of the manifests"
        TaskFlux "task::flux" "The script of a task cannot be completed"
        TaskName "task::name" "A task's name is empty"
        TaskParams "task::params" "A script uses a parameter that the manifest does not give"
        TaskSchedule "task::schedule" "A task's schedule is missing or cannot be used"
    }
    Telegraf "telegraf" "Telegraf configurations" {
        TelegrafSecret "telegraf::secret" "A Telegraf configuration has a secret in plain text"
        TelegrafToml "telegraf::toml" "A Telegraf configuration is not TOML"
    }
    Token "token" "Tokens" {
        TokenScopes "token::scopes" "A token has no permission"
    }
    User "user" "Users" {
        UserName "user::name" "A user's name is empty"
        UserPassword "user::password" "`password_version` is set, and there is no password"
        UserRoles "user::roles" "A user is both member and owner of an org"
    }
    Variable "variable" "Variables of dashboards" {
        VariableName "variable::name" "A variable cannot have this name"
        VariableSource "variable::source" "A variable has no values, or values from two sources"
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
