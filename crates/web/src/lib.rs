//! Staff pages, portal, REST, provider webhooks and operations.
