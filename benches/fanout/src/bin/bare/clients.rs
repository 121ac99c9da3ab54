use rustix::fd::{AsRawFd, OwnedFd};

/// The connections, by the number of their socket: the kernel hands out the smallest that is free.
#[derive(Default)]
pub struct Clients(Vec<Option<Client>>);

pub struct Client {
    pub socket: OwnedFd,
    /// The beginning of a request.
    pub unread: Vec<u8>,
    /// Where it listens, if it does.
    pub listens: Option<Place>,
    /// Its place in the wheel of keepalives, if it listens and there is one.
    pub waits: Option<Place>,
    /// When it was written to, in ticks of the wheel.
    pub written: u64,
}

/// A place in one of several lists.
#[derive(Clone, Copy)]
pub struct Place {
    pub list: usize,
    index: usize,
}

impl Clients {
    pub fn add(&mut self, socket: OwnedFd) {
        let key = key(&socket);
        if self.0.len() <= key {
            self.0.resize_with(key + 1, || None);
        }
        let unread = Vec::new();
        self.0[key] = Some(Client { socket, unread, listens: None, waits: None, written: 0 });
    }

    pub fn get(&mut self, key: usize) -> Option<&mut Client> {
        self.0.get_mut(key)?.as_mut()
    }

    pub fn remove(&mut self, key: usize) -> Option<Client> {
        self.0.get_mut(key)?.take()
    }

    /// Puts a client at the end of `lists[list]` and remembers the place in what `slot` picks.
    pub fn put(&mut self, key: usize, lists: &mut [Vec<usize>], list: usize, slot: Slot) {
        let index = lists[list].len();
        lists[list].push(key);
        if let Some(client) = self.get(key) {
            *slot(client) = Some(Place { list, index });
        }
    }

    /// Takes the client at `place` out; the last of the list moves there.
    pub fn take_out(&mut self, lists: &mut [Vec<usize>], place: Place, slot: Slot) {
        let list = &mut lists[place.list];
        list.swap_remove(place.index);
        if let Some(&moved) = list.get(place.index)
            && let Some(client) = self.get(moved)
        {
            *slot(client) = Some(place);
        }
    }
}

/// Which place of a client is meant.
pub type Slot = fn(&mut Client) -> &mut Option<Place>;

pub fn key(socket: &OwnedFd) -> usize {
    usize::try_from(socket.as_raw_fd()).expect("the number of an open file is not negative")
}
