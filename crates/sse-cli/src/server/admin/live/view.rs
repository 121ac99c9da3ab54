use std::{cmp::Ordering, num::ParseIntError};

use super::census::Row;

/// Which channels a viewer sees, and in which order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct View {
    sort: Sort,
    is_descending: bool,
    /// What the names have in them, whatever its case.
    filter: String,
    limit: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sort {
    History,
    Lag,
    Listeners,
    Name,
    Rate,
}

impl View {
    /// The view that a query asks for; what it does not say is the busiest 100 of all channels.
    pub(super) fn parse(query: Option<&str>) -> Result<Self, ViewError> {
        let (mut sort, mut order) = (Sort::Rate, None);
        let (mut filter, mut limit) = (String::new(), DEFAULT_LIMIT);
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "sort" => {
                    let found = SORTS.iter().find(|(name, _)| *name == value);
                    (_, sort) = *found.ok_or_else(|| ViewError::Sort(value.into_owned()))?;
                }
                "order" => {
                    order = Some(match &*value {
                        "asc" => Ordering::Less,
                        "desc" => Ordering::Greater,
                        _ => return Err(ViewError::Order(value.into_owned())),
                    });
                }
                "filter" if MAX_FILTER < value.len() => {
                    return Err(ViewError::Filter { len: value.len() });
                }
                "filter" => filter = value.into_owned(),
                "limit" => {
                    let parsed = value.parse().map_err(|source| ViewError::Limit {
                        value: value.clone().into_owned(),
                        source: Some(source),
                    })?;
                    if MAX_LIMIT < parsed {
                        return Err(ViewError::Limit { value: value.into_owned(), source: None });
                    }
                    limit = parsed;
                }
                _ => {}
            }
        }
        let is_descending = order.map_or(sort != Sort::Name, |order| order == Ordering::Greater);
        Ok(Self { sort, is_descending, filter, limit })
    }

    /// The first of `rows` that the viewer sees, in order, and how many there would be without a limit.
    pub(super) fn select<'a>(&self, rows: &'a [Row]) -> (Vec<&'a Row>, usize) {
        let (mut first, mut count) = (Vec::<&Row>::with_capacity(self.limit + 1), 0);
        for row in rows.iter().filter(|row| self.has(row)) {
            count += 1;
            // Of very many, nearly all end here.
            if first.len() == self.limit
                && first.last().is_none_or(|last| self.compare(last, row).is_lt())
            {
                continue;
            }
            let at = first.partition_point(|other| self.compare(other, row).is_lt());
            first.insert(at, row);
            first.truncate(self.limit);
        }
        (first, count)
    }

    fn has(&self, row: &Row) -> bool {
        let (name, filter) = (row.info.token.as_str().as_bytes(), self.filter.as_bytes());
        filter.is_empty()
            || name.windows(filter.len()).any(|part| part.eq_ignore_ascii_case(filter))
    }

    fn compare(&self, one: &Row, other: &Row) -> Ordering {
        let by_name = one.info.token.cmp(&other.info.token);
        let order = match self.sort {
            Sort::History => one.info.history_bytes.cmp(&other.info.history_bytes),
            Sort::Lag => one.info.lag.cmp(&other.info.lag),
            Sort::Listeners => one.info.listeners.cmp(&other.info.listeners),
            Sort::Name => by_name,
            Sort::Rate => one.rate.unwrap_or(0.0).total_cmp(&other.rate.unwrap_or(0.0)),
        };
        let order = if self.is_descending { order.reverse() } else { order };
        order.then(by_name)
    }
}

/// Why a query asks for nothing that can be shown.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum ViewError {
    #[error("sort={0:?} is not one of history, lag, listeners, name and rate")]
    Sort(String),
    #[error("order={0:?} is not asc or desc")]
    Order(String),
    #[error("filter has {len} bytes, more than {MAX_FILTER}")]
    Filter { len: usize },
    #[error("limit={value:?} is not a number from 0 to {MAX_LIMIT}")]
    Limit { value: String, source: Option<ParseIntError> },
}

const SORTS: [(&str, Sort); 5] = [
    ("history", Sort::History),
    ("lag", Sort::Lag),
    ("listeners", Sort::Listeners),
    ("name", Sort::Name),
    ("rate", Sort::Rate),
];

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 200;
/// As long as a name may be.
const MAX_FILTER: usize = 256;
