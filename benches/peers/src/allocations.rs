use crate::{
    contestants::{self, BORROWED, OWNED},
    inputs::Input,
    memory,
};

/// A borrowed event that lies in its chunk costs no allocation, an owned one costs one.
pub fn check(inputs: &[Input], memory: &memory::Counting) {
    let input = inputs.iter().find(|input| input.name == "a1ev").expect("it is an input");
    for (name, expected) in [(BORROWED, 0), (OWNED, input.expected.events)] {
        let contestants = contestants::all();
        let one = contestants.iter().find(|one| one.name == name).expect("it is a contestant");
        let chunks = input.chunks.clone();
        let mut seen = None;
        let (allocations, _) = memory::of(memory, || seen = (one.run)(chunks, input.expected));
        assert_eq!(seen, Some(input.expected));
        assert_eq!(allocations, expected, "allocations of {name}");
    }
}
