use super::*;

/// A frame of a client: first byte, payload, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = vec![first];
    match payload.len() {
        n @ 0..=125 => out.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend((n as u16).to_be_bytes());
        }
        n => {
            out.push(0x80 | 127);
            out.extend((n as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    out
}

/// What is heard when `bytes` come in pieces of `size`.
fn hear(bytes: &[u8], size: usize) -> Vec<Heard> {
    let mut inbound = Inbound::default();
    let mut all = Vec::new();
    for mut piece in bytes.chunks(size) {
        while let Some(heard) = inbound.next(&mut piece) {
            let over = matches!(heard, Heard::Violation(_));
            all.push(heard);
            if over {
                return all;
            }
        }
        assert!(inbound.held.len() <= MAX_HELD);
    }
    all
}

#[test]
fn pings_and_close_are_heard_between_messages_in_pieces_of_any_size() {
    let bytes = [
        frame(0x81, b"ignored"),
        frame(0x89, b"one"),
        frame(0x01, &[b'x'; 300]),
        frame(0x89, &[7; 125]),
        frame(0x80, &[b'y'; 70]),
        frame(0x8a, b"pong"),
        frame(0x82, &[0; 65536]),
        frame(0x89, b""),
        frame(0x88, &[3, 232, b'b', b'y', b'e']),
    ]
    .concat();
    let expected = [
        Heard::Ping(Bytes::from_static(b"one")),
        Heard::Ping(Bytes::from(vec![7; 125])),
        Heard::Ping(Bytes::new()),
        Heard::Close(Some(CloseCode::Normal)),
    ];
    for size in [1, 2, 3, 7, 64, 138, 139, 140, 4096, bytes.len()] {
        assert_eq!(hear(&bytes, size), expected, "in pieces of {size}");
    }
}

#[test]
fn broken_frames_are_refused_with_the_code_of_the_standard() {
    let big_control = [0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0];
    let huge = [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0];
    let table: [(&str, Vec<u8>, CloseCode); 14] = [
        ("not masked", vec![0x81, 2, b'h', b'i'], CloseCode::Protocol),
        ("reserved bit", frame(0xc1, b"x"), CloseCode::Protocol),
        ("reserved data opcode", frame(0x83, b"x"), CloseCode::Protocol),
        ("reserved control opcode", frame(0x8b, b""), CloseCode::Protocol),
        ("control frame in fragments", frame(0x09, b"x"), CloseCode::Protocol),
        ("control frame over 125 bytes", big_control.to_vec(), CloseCode::Protocol),
        ("continuation of nothing", frame(0x80, b"x"), CloseCode::Protocol),
        ("message within a message", [frame(0x01, b"x"), frame(0x81, b"y")].concat(), CloseCode::Protocol),
        ("close with half a code", frame(0x88, &[3]), CloseCode::Protocol),
        ("close with a code that is not to be sent", frame(0x88, &[3, 237]), CloseCode::Protocol),
        ("close with code 0", frame(0x88, &[0, 0]), CloseCode::Protocol),
        ("close with a reason that is not UTF-8", frame(0x88, &[3, 232, 0xff]), CloseCode::Invalid),
        ("message over 64 KiB", huge.to_vec(), CloseCode::Size),
        ("fragments over 64 KiB", [frame(0x01, &[0; 40_000]), frame(0x80, &[0; 40_000])].concat(), CloseCode::Size),
    ];
    for (what, bytes, code) in table {
        for size in [1, 5, bytes.len()] {
            assert_eq!(hear(&bytes, size), [Heard::Violation(code)], "{what}, in pieces of {size}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_a_surprise(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), size in 1usize..40) {
        hear(&bytes, size);
    }
}
