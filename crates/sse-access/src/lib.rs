//! Who may listen and publish, and how much: tokens, tickets, passwords, limits by address.
