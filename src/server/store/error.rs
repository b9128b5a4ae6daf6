//! Why the store refuses. The wording is that of influxd 2.9.1, because clients read it.

use crate::server::id::Id;

/// A refusal of the store; `reply` maps it to a status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database failed.
    #[error("{0}")]
    Database(Box<redb::Error>),
    /// A stored record cannot be written or read.
    #[error("stored record: {0}")]
    Record(serde_json::Error),
    /// An index holds something that is no ID.
    #[error("stored index entry is damaged")]
    Index,
    /// Nothing can be written at the moment.
    #[error("the data cannot be written: {0}")]
    ReadOnly(String),

    #[error("onboarding has already been completed")]
    AlreadySetUp,
    #[error("onboarding failed: missing required fields [{}]", .0.join(","))]
    SetupFields(Vec<&'static str>),

    #[error("org name is empty")]
    OrgNameEmpty,
    #[error("organization with name {0} already exists")]
    OrgExists(String),
    #[error("organization not found")]
    OrgNotFound,
    #[error("organization name \"{0}\" not found")]
    OrgNameNotFound(String),
    #[error("error deleting organization id: {0}: organization not found")]
    OrgToDeleteNotFound(Id),

    #[error("bucket not found")]
    BucketNotFound,
    #[error("bucket {0} not found")]
    BucketNameNotFound(String),
    #[error("bucket with name {0} already exists")]
    BucketExists(String),
    #[error("bucket name is not unique")]
    BucketNameTaken,
    #[error("bucket name {0} is invalid. Buckets may not start with underscore")]
    BucketNameUnderscore(String),
    #[error("bucket name {0} is invalid. Bucket names may not include quotation marks")]
    BucketNameQuote(String),
    #[error("system buckets cannot be renamed")]
    SystemBucketRename,
    #[error("system buckets cannot be deleted")]
    SystemBucketDelete,
    /// The storage engine dropped a system bucket; a 500 on the real server too.
    #[error("database not found: {0}")]
    DatabaseNotFound(Id),
    /// A 500 on the real server too: the storage engine refuses without a class.
    #[error("retention policy duration must be at least 1h0m0s")]
    RetentionTooShort,
    /// A 500 on the real server too.
    #[error("retention policy duration must be greater than the shard duration")]
    ShardTooLong,
    #[error("shard-group duration must also be updated to be smaller than new retention duration")]
    RetentionBelowShard,

    #[error("user not found")]
    UserNotFound,
    #[error("user with name {0} already exists")]
    UserExists(String),
    #[error("user with ID {0} already exists")]
    UserIdExists(Id),
    #[error("key required")]
    UserNameEmpty,
    #[error("passwords must be between 8 and 72 characters long")]
    PasswordLength,
    #[error("your username or password is incorrect")]
    PasswordWrong,
    #[error("your userID is incorrect")]
    PasswordUser,

    #[error("Unexpected error when assigning user to a resource: mapping for user {0} already exists")]
    MemberExists(Id),
    #[error("user to resource mapping not found")]
    MemberNotFound,

    #[error("label not found")]
    LabelNotFound,
    #[error("label name is required")]
    LabelNameEmpty,
    #[error("label with name {0} already exists")]
    LabelExists(String),
    #[error("Cannot add label, label already exists on resource")]
    LabelAttached,

    #[error("task not found")]
    TaskNotFound,

    #[error("authorization not found")]
    AuthorizationNotFound,
    #[error("unable to create token")]
    TokenRefused,
    #[error("token already exists")]
    TokenExists,
    #[error("permission {0} is not for org id {1}")]
    PermissionOrg(String, Id),
}

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error {
            redb::Error::Io(error) if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) => {
                Self::ReadOnly(error.to_string())
            }
            other => Self::Database(Box::new(other)),
        }
    }
}
