//! Who asks: the address that a try is counted under.
//!
//! The peer of the connection is the client, unless the operator has said that the
//! peer is a proxy of theirs. Only then `X-Forwarded-For` is read, from its end: each
//! proxy adds whom it heard, so the last address that is no proxy of ours is the
//! client. Whatever stands before it may be invented, and is not looked at.
//! *Source*: RFC 7239, section 8.1, about the older header of the same meaning.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

/// Where a proxy writes whom it heard.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies that are believed about their clients. By default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    bits: u8,
}

/// What is wrong with a list of proxies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address such as 10.0.0.7 and no network such as 10.0.0.0/8")]
pub struct BadProxy(String);

impl FromStr for TrustedProxies {
    type Err = BadProxy;

    /// Reads addresses and networks (`10.0.0.0/8`) with commas between them.
    fn from_str(text: &str) -> Result<Self, BadProxy> {
        let parts = text.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let read = |part: &str| Network::read(part).ok_or_else(|| BadProxy(part.to_owned()));
        parts.map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    /// Names the client of a request: its address, or for IPv6 the network of one
    /// customer (/64).
    pub(crate) fn client(&self, request: &Request) -> String {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let Some(peer) = peer.map(|info| info.0.ip().to_canonical()) else {
            // A server that does not know its clients treats them as one.
            return "unknown".to_owned();
        };
        match self.behind(peer, request.headers()) {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let network = ip.to_bits() & (u128::MAX << 64);
                Ipv6Addr::from_bits(network).to_string()
            }
        }
    }

    /// Follows the header from its end for as long as proxies of ours speak.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut heard = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        let mut client = peer;
        while self.trusts(client) {
            // Nonsense is the word of the proxy that passed it on.
            let Some(next) = heard.next().and_then(address) else {
                break;
            };
            client = next;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(address))
    }
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { base, bits })
    }

    fn has(self, address: IpAddr) -> bool {
        let differ = match (self.base, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        differ >= u32::from(self.bits)
    }
}

/// Reads an address as proxies write it, some of them with the port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse().ok();
    let ip = bare.or_else(|| text.parse::<SocketAddr>().ok().map(|with| with.ip()))?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(peer: &str, forwarded: &[&str]) -> Request {
        let mut request = Request::builder();
        for line in forwarded {
            request = request.header("X-Forwarded-For", *line);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    }

    fn behind(proxies: &str, peer: &str, forwarded: &[&str]) -> String {
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.client(&request(peer, forwarded))
    }

    #[test]
    fn one_customer_of_ipv6_is_one_client() {
        let from = |peer| behind("", peer, &[]);
        assert_eq!(from("[2001:db8::1]:1"), from("[2001:db8::ffff:2]:9"));
        assert_ne!(from("[2001:db8:0:1::1]:1"), from("[2001:db8::1]:1"));
        assert_eq!(from("[::ffff:192.0.2.7]:1"), "192.0.2.7");
        let unknown = Request::new(Body::empty());
        assert_eq!(TrustedProxies::default().client(&unknown), "unknown");
    }

    #[test]
    fn nobody_is_believed_about_others_by_default() {
        let spoofed = behind("", "198.51.100.4:1", &["203.0.113.9"]);
        assert_eq!(spoofed, "198.51.100.4");
        let stranger = behind("10.0.0.0/8", "198.51.100.4:1", &["203.0.113.9"]);
        assert_eq!(stranger, "198.51.100.4", "a stranger is no proxy of ours");
    }

    #[test]
    fn a_proxy_of_ours_says_whom_it_heard() {
        let ours = "10.0.0.0/8, 2001:db8:1::/48";
        for (peer, forwarded, client) in [
            ("10.1.2.3:1", vec!["203.0.113.9"], "203.0.113.9"),
            ("[::ffff:10.1.2.3]:1", vec!["203.0.113.9"], "203.0.113.9"),
            ("[2001:db8:1::5]:1", vec!["203.0.113.9"], "203.0.113.9"),
            // What the client invented stands first and is not looked at.
            ("10.1.2.3:1", vec!["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.1.2.3:1", vec!["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            // Two proxies of ours, one behind the other.
            ("10.1.2.3:1", vec!["203.0.113.9, 10.9.9.9"], "203.0.113.9"),
            ("10.1.2.3:1", vec!["203.0.113.9:4711"], "203.0.113.9"),
            ("10.1.2.3:1", vec!["[2001:db8:2::7]:4711"], "2001:db8:2::"),
            // A proxy that says nothing, or nonsense, speaks for itself.
            ("10.1.2.3:1", vec![], "10.1.2.3"),
            ("10.1.2.3:1", vec!["203.0.113.9, unknown"], "10.1.2.3"),
            ("10.1.2.3:1", vec!["203.0.113.9, x, 10.9.9.9"], "10.9.9.9"),
            ("10.1.2.3:1", vec!["10.4.4.4"], "10.4.4.4"),
        ] {
            assert_eq!(behind(ours, peer, &forwarded), client, "{forwarded:?}");
        }
    }

    #[test]
    fn a_list_is_read_or_names_what_is_wrong() {
        let parsed = |text: &str| text.parse::<TrustedProxies>();
        assert_eq!(parsed(" , "), Ok(TrustedProxies::default()));
        assert_eq!(parsed("127.0.0.1, ::1/128").unwrap().0.len(), 2);
        assert!(parsed("0.0.0.0/0").unwrap().trusts([203, 0, 113, 9].into()));
        for wrong in [
            "proxy.example",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "10.0.0/8",
            "::/129",
        ] {
            let list = format!("127.0.0.1,{wrong}");
            assert_eq!(parsed(&list), Err(BadProxy(wrong.to_owned())));
        }
    }
}
