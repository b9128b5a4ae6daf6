//! `/api/v2/tasks`.

use super::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
}

/// The `Allow` header of a path under `/api/v2/tasks`.
pub(super) fn allowed_methods(_path: &str) -> Option<&'static str> {
    None
}
