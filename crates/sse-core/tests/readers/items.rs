use sse_core::{
    Decoder,
    reader::{AllItems, OwnedItem, Reader},
    wire::{DecodeError, Limits, Overflow},
};

#[test]
fn what_was_dropped_is_an_item_and_no_event() {
    let decoder = || {
        let limits = Limits::default().with_event(4);
        Decoder::with_limits(limits).with_overflow(Overflow::Drop)
    };
    let source = &b"data: 12345\n\ndata: 1\n\n"[..];

    let items = Reader::with_decoder(source, AllItems(decoder()));
    let items: Vec<_> = items.map(Result::unwrap).collect();
    let events = Reader::with_decoder(source, decoder());
    let events: Vec<_> = events.map(Result::unwrap).collect();

    let [OwnedItem::Dropped(error), OwnedItem::Event(event)] = &items[..] else {
        panic!("{items:?}");
    };
    assert_eq!(*error, DecodeError::EventTooLong { limit: 4 });
    assert_eq!(event.data(), "1");
    assert_eq!(events, std::slice::from_ref(event));
}
