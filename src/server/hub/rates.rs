//! How often strangers may ask.
//!
//! In: who asks, and when. Out: whether they have to wait. Never: a clock of its own, or more memory than the rates let in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

/// One client: a request a second, a hundred at once.
const CLIENT: Rate = Rate { each: Duration::from_secs(1), credit: Duration::from_secs(100) };
/// All together: a hundred a second, two thousand at once.
const EVERYBODY: Rate = Rate { each: Duration::from_millis(10), credit: Duration::from_secs(20) };
/// When clients who owe nothing are forgotten. There cannot be as many others: `EVERYBODY` lets fewer in while one pays.
const CLIENTS: usize = 16_384;

#[derive(Clone, Copy)]
struct Rate {
    each: Duration,
    credit: Duration,
}

/// Who has asked how much, and when time will have paid for it.
#[derive(Debug)]
pub(super) struct Rates {
    everybody: Instant,
    clients: HashMap<IpAddr, Instant>,
}

impl Rates {
    pub(super) fn new(now: Instant) -> Self {
        Self { everybody: now, clients: HashMap::new() }
    }

    /// Counts a request; or says how long the client has to wait, and does not.
    pub(super) fn wait(&mut self, client: IpAddr, now: Instant) -> Option<Duration> {
        if self.clients.len() >= CLIENTS {
            self.clients.retain(|_, paid| *paid > now);
        }
        let paid = self.clients.get(&client).copied().unwrap_or(now);
        let wait = CLIENT.wait(paid, now).max(EVERYBODY.wait(self.everybody, now));
        if wait.is_none() {
            self.clients.insert(client, paid.max(now) + CLIENT.each);
            self.everybody = self.everybody.max(now) + EVERYBODY.each;
        }
        wait
    }
}

impl Rate {
    fn wait(self, paid: Instant, now: Instant) -> Option<Duration> {
        let debt = paid.saturating_duration_since(now) + self.each;
        debt.checked_sub(self.credit).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    fn let_through(rates: &mut Rates, clients: impl Iterator<Item = u32>, now: Instant) -> usize {
        clients.filter(|n| rates.wait(client(*n), now).is_none()).count()
    }

    #[test]
    fn h_2_a_client_has_a_hundred_at_once_and_one_a_second() {
        let now = Instant::now();
        let mut rates = Rates::new(now);
        assert_eq!(let_through(&mut rates, std::iter::repeat_n(1, 500), now), 100);
        assert_eq!(rates.wait(client(1), now), Some(Duration::from_secs(1)));
        assert_eq!(let_through(&mut rates, std::iter::repeat_n(1, 500), now + Duration::from_secs(7)), 7);
        assert_eq!(rates.wait(client(2), now), None, "others are not in the way");
    }

    #[test]
    fn all_together_have_a_limit_and_so_has_what_is_kept_of_them() {
        let now = Instant::now();
        let mut rates = Rates::new(now);
        assert_eq!(let_through(&mut rates, 0..100_000, now), 2_000);
        for second in 1..400 {
            let_through(&mut rates, second * 1_000..second * 1_000 + 200, now + Duration::from_secs(second.into()));
        }
        assert!(rates.clients.len() <= CLIENTS, "{}", rates.clients.len());
    }
}
