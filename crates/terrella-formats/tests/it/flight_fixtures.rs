//! Flight logs made by hand, as the recorders of PX4 and of the Crazyflie write them.

// Shared with the fuzzer.

/// Rows of each log.
pub(crate) const ROWS: u32 = 100;
/// What a mark of a ULog looks like.
pub(crate) const MARK: &[u8] = b"\x08\x00S\x2f\x73\x13\x20\x25\x0c\xbb\x12";

/// One message of a ULog.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_le_bytes()[..], &[kind], body].concat()
}

/// The head and definitions of a ULog that began at one second; `flags` as they are.
pub(crate) fn ulog_head(flags: &[u8; 40]) -> Vec<u8> {
    let mut out = b"ULog\x01\x12\x35\x01".to_vec();
    out.extend(1_000_000u64.to_le_bytes());
    out.extend(message(b'B', flags));
    out.extend(message(b'I', b"\x10char[3] sys_namePX4"));
    for text in [
        "vehicle_attitude:uint64_t timestamp;float[4] q;float roll_rad;",
        "vehicle_local_position:uint64_t timestamp;float x;float vx;bool valid;uint8_t[3] _padding0;",
        "actuator_motors:uint64_t timestamp;uint64_t timestamp_sample;float[6] control;",
        "esc:uint64_t timestamp;int32_t rpm;uint8_t[4] _padding0;",
        "esc_status:uint64_t timestamp;uint16_t counter;uint8_t[6] _padding0;esc[2] esc;char[5] name;uint8_t[80] raw;",
    ] {
        out.extend(message(b'F', text.as_bytes()));
    }
    out.extend(message(b'P', &[b"\x0ffloat MC_P_ROLL".as_slice(), &1f32.to_le_bytes()].concat()));
    let topics = ["vehicle_attitude", "vehicle_local_position", "actuator_motors", "esc_status", "esc_status"];
    for (id, topic) in topics.into_iter().enumerate() {
        let instance = u8::from(id == 4);
        out.extend(message(b'A', &[&[instance, id as u8, 0], topic.as_bytes()].concat()));
    }
    out
}

/// Data of these rows: attitude and motors at 50 Hz, position and ESCs at 10 Hz.
pub(crate) fn ulog_rows(rows: std::ops::Range<u32>) -> Vec<u8> {
    let mut out = Vec::new();
    for i in rows {
        let time = 1_000_000 + u64::from(i) * 20_000;
        let mut put = |id: u8, parts: &[&[u8]]| {
            let body = [&[id, 0][..], &time.to_le_bytes(), &parts.concat()].concat();
            out.extend(message(b'D', &body));
        };
        let x = i as f32;
        let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        put(0, &[&floats(&[1.0, x, -x, 0.5, 0.25 * x])]);
        put(2, &[&(time - 5).to_le_bytes(), &floats(&[x, 0.1, 0.2, 0.3, f32::NAN, f32::NAN])]);
        if i % 5 == 0 {
            put(1, &[&floats(&[2.0 * x, 3.0]), &[1]]);
            for id in [3, 4] {
                let esc = |k: i32| [&time.to_le_bytes()[..], &(k + i as i32).to_le_bytes(), &[0; 4]].concat();
                let counter = (i as u16).to_le_bytes();
                put(id, &[&counter, &[0; 6], &esc(100), &esc(-200), b"left\0", &[7; 80]]);
            }
        }
        if i % 20 == 0 {
            out.extend(MARK);
        }
        if i == 50 {
            out.extend(message(b'O', &30u16.to_le_bytes()));
            out.extend(message(b'L', &[&[b'6'][..], &time.to_le_bytes(), b"landed"].concat()));
            out.extend(message(b'P', &[b"\x0ffloat MC_P_ROLL".as_slice(), &2f32.to_le_bytes()].concat()));
        }
    }
    out
}

/// A whole ULog.
pub(crate) fn ulog() -> Vec<u8> {
    [ulog_head(&[0; 40]), ulog_rows(0..ROWS)].concat()
}

/// A log of a Crazyflie at 500 Hz, with a second kind of event, and its checksum.
pub(crate) fn crazyflie(version: u16) -> Vec<u8> {
    let mut out = vec![0xbc];
    out.extend(version.to_le_bytes());
    out.extend([2, 0]);
    out.extend(b"\xff\xfffixedFrequency\0\x04\0acc.x(f)\0gyro.z(f)\0motor.m1(H)\0pm.state(b)\0");
    out.extend(b"\x03\0landed\0\x01\0height(d)\0");
    let tick = |out: &mut Vec<u8>, i: u32| match version {
        1 => out.extend((7000 + 2 * i).to_le_bytes()),
        _ => out.extend((7_000_000 + 2000 * u64::from(i)).to_le_bytes()),
    };
    for i in 0..ROWS {
        let x = i as f32;
        out.extend([0xff, 0xff]);
        tick(&mut out, i);
        out.extend(x.to_le_bytes());
        out.extend((-2.0 * x).to_le_bytes());
        out.extend((3 * i as u16).to_le_bytes());
        out.push(0xff);
        if i == 40 {
            out.extend([3, 0]);
            tick(&mut out, i);
            out.extend(0.5f64.to_le_bytes());
        }
    }
    let checksum = crc32fast::hash(&out);
    out.extend(checksum.to_le_bytes());
    out
}
