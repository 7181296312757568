//! Standard Webhooks 1.0.0: the envelope.
//!
//! In: one event. Out: its body. Never: the text of `data` in another form than the event has it.

use super::Told;

/// `{"type": …, "timestamp": RFC 3339, "data": {…}}`, and `"sequence"` before the data where the endpoint wants order: in the
/// body, because only that is signed.
pub(super) fn body(told: &Told<'_>) -> String {
    /// What is around the data takes no more, in bytes.
    const ENVELOPE: usize = 160;
    let sequence = told.sequence.map(|number| format!(r#""sequence":{number},"#)).unwrap_or_default();
    let (event_type, time, data) = (told.event_type.as_str(), told.time(), told.full_data());
    let mut body = String::with_capacity(data.len() + ENVELOPE);
    body.extend([
        r#"{"type":""#,
        event_type,
        r#"","timestamp":""#,
        &time,
        r#"","#,
        &sequence,
        r#""data":"#,
        &data,
        "}",
    ]);
    body
}
