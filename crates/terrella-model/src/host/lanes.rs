//! Matrix products and SiLU for rows that stay in the cache, sixteen numbers at a time.
//!
//! Small networks spend their time where a general product prepares itself: it packs the weights anew for
//! each call, and 200 columns fill its tiles badly. Here rows are padded to whole lanes once, so that nothing
//! is packed. Each number of a product is one chain of fused multiply-adds along the depth, so it does not
//! depend on which rows are computed together, nor on the width of the registers.

#[cfg(target_arch = "x86_64")]
#[path = "lanes256.rs"]
mod narrow;
#[cfg(target_arch = "x86_64")]
#[path = "lanes512.rs"]
mod wide;

use super::dense;
use super::lane::Begin;
pub(crate) use super::lane::{LANE, Lane, Left};

/// Lanes that hold so many numbers.
pub(crate) fn lanes(numbers: usize) -> usize {
    numbers.div_ceil(LANE)
}

/// The numbers of lanes.
#[allow(unsafe_code)]
pub(crate) fn flat(lanes: &[Lane]) -> &[f32] {
    // SAFETY: a lane is 16 numbers and nothing else (64 bytes, aligned to 64).
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), lanes.len() * LANE) }
}

/// The numbers of lanes, to be changed.
#[allow(unsafe_code)]
pub(crate) fn flat_mut(lanes: &mut [Lane]) -> &mut [f32] {
    // SAFETY: as in `flat`, and the borrow is handed on.
    unsafe { std::slice::from_raw_parts_mut(lanes.as_mut_ptr().cast(), lanes.len() * LANE) }
}

/// A buffer of this length, whatever it holds.
pub(crate) fn sized(buffer: &mut Vec<Lane>, length: usize) -> &mut [Lane] {
    buffer.resize(length, Lane::default());
    buffer
}

/// A buffer of this length that holds zeros.
pub(crate) fn cleared(buffer: &mut Vec<Lane>, length: usize) -> &mut [Lane] {
    buffer.clear();
    sized(buffer, length)
}

/// Rows of `width` numbers, each padded with zeros to whole lanes.
pub(crate) fn padded(numbers: &[f32], width: usize) -> Vec<Lane> {
    let each = lanes(width);
    let mut rows = vec![Lane::default(); numbers.len() / width.max(1) * each];
    for (row, numbers) in flat_mut(&mut rows).chunks_exact_mut(each * LANE).zip(numbers.chunks_exact(width)) {
        row[..width].copy_from_slice(numbers);
    }
    rows
}

/// Rows of so many numbers without what fills their last lane.
pub(crate) fn unpadded(rows: &[Lane], width: usize) -> Vec<f32> {
    match width.is_multiple_of(LANE) {
        true => flat(rows).to_vec(),
        false => rows.chunks_exact(lanes(width)).flat_map(|row| &flat(row)[..width]).copied().collect(),
    }
}

/// `out = left · right`, or with a bias added to each row.
///
/// # Shapes
/// `left`: `[rows, depth]`, `right`: `[depth, width]` lanes, `bias`: `[width]` → `out`: `[rows, width]`.
pub(crate) fn product(
    shape: (usize, usize, usize),
    left: Left<'_>,
    right: &[Lane],
    bias: Option<&[Lane]>,
    out: &mut [Lane],
) {
    sums(shape, left, right, bias.map_or(Begin::Zero, Begin::Bias), out);
}

/// `out += left · right`, shapes as of [`product`].
pub(crate) fn product_onto(shape: (usize, usize, usize), left: Left<'_>, right: &[Lane], out: &mut [Lane]) {
    sums(shape, left, right, Begin::There, out);
}

/// Each number is summed in the order of the depth, whatever the shape: so no row depends on the others, and all processors with
/// fused products tell the same bits.
#[allow(unsafe_code)]
fn sums(
    (rows, depth, width): (usize, usize, usize),
    left: Left<'_>,
    right: &[Lane],
    begin: Begin<'_>,
    out: &mut [Lane],
) {
    if rows == 0 || width == 0 || depth == 0 {
        return;
    }
    assert!((rows - 1) * left.rows + (depth - 1) * left.depth < left.numbers.len(), "all of the left side");
    assert!(right.len() >= depth * width && out.len() >= rows * width, "whole rows");
    assert!(!matches!(begin, Begin::Bias(bias) if bias.len() < width), "a bias for each column");
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f") {
        // SAFETY: the instructions are there, and by the assertions all that is read and written lies inside.
        unsafe { wide::product((rows, depth, width), left, right, begin, out) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: as above.
        unsafe { narrow::product((rows, depth, width), left, right, begin, out) };
        return;
    }
    for (row, sums) in out.chunks_exact_mut(width).take(rows).enumerate() {
        match begin {
            Begin::Zero => sums.fill(Lane::default()),
            Begin::Bias(bias) => sums.copy_from_slice(&bias[..width]),
            Begin::There => {}
        }
        for (k, lanes) in right.chunks_exact(width).take(depth).enumerate() {
            let x = left.numbers[row * left.rows + k * left.depth];
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                sum.0.iter_mut().zip(lane.0).for_each(|(sum, y)| *sum += x * y);
            }
        }
    }
}

/// `x · σ(x)` of all numbers, in place.
#[allow(unsafe_code)]
pub(crate) fn silu(x: &mut [Lane]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f") {
        // SAFETY: the instructions are there.
        unsafe { wide::silu(x) };
        return;
    }
    flat_mut(x).iter_mut().for_each(|x| *x = dense::silu(*x));
}

/// `x · σ(x)` of all numbers into `y`; its slope takes the place of `x`.
#[allow(unsafe_code)]
pub(crate) fn silu_and_slope(x: &mut [Lane], y: &mut [Lane]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f") {
        // SAFETY: the instructions are there.
        unsafe { wide::silu_and_slope(x, y) };
        return;
    }
    for (x, y) in flat_mut(x).iter_mut().zip(flat_mut(y)) {
        let gate = 1.0 / (1.0 + dense::exp(-*x));
        *y = *x * gate;
        *x = gate + *y * (1.0 - gate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    fn numbers(n: usize, key: u64) -> Vec<f32> {
        let mut stream = Key::new(key).stream();
        (0..n).map(|_| stream.normal() as f32).collect()
    }

    #[test]
    fn products_of_all_shapes_are_sums_of_products() {
        for (rows, depth, columns) in [(1, 1, 1), (5, 7, 200), (13, 200, 37), (54, 33, 64), (6, 20, 11)] {
            let (a, b, bias) = (numbers(rows * depth, 1), numbers(depth * columns, 2), numbers(columns, 3));
            let (right, width) = (padded(&b, columns), lanes(columns));
            let mut out = vec![Lane([9.0; LANE]); rows * width];
            let check = |out: &[Lane], bias: &[f32]| {
                for (i, row) in flat(out).chunks(width * LANE).enumerate() {
                    for j in 0..columns {
                        let sum: f64 =
                            (0..depth).map(|k| f64::from(a[i * depth + k]) * f64::from(b[k * columns + j])).sum();
                        let want = sum + bias.get(j).map_or(0.0, |b| f64::from(*b));
                        assert!((f64::from(row[j]) - want).abs() < 2e-5, "{rows}x{depth}x{columns}: {} {want}", row[j]);
                    }
                    assert!(row[columns..].iter().all(|x| *x == 0.0), "padding stays zero");
                }
            };
            let left = Left { numbers: &a, rows: depth, depth: 1 };
            product((rows, depth, width), left, &right, Some(&padded(&bias, columns)), &mut out);
            check(&out, &bias);
            // The same left side, stored the other way round.
            let turned: Vec<f32> = (0..depth * rows).map(|i| a[i % rows * depth + i / rows]).collect();
            let left = Left { numbers: &turned, rows: 1, depth: rows };
            product((rows, depth, width), left, &right, None, &mut out);
            check(&out, &[]);
            // Onto what stands there.
            out = padded(&bias.repeat(rows), columns);
            product_onto((rows, depth, width), left, &right, &mut out);
            check(&out, &bias);
        }
    }

    #[test]
    fn silu_and_its_slope_are_what_the_definitions_say() {
        let at: Vec<f32> = (-1600..1600).map(|i| i as f32 * 0.0625).chain([-3e3, 3e3, -88.0, 88.0]).collect();
        let (mut x, mut slope) = (padded(&at, at.len()), padded(&at, at.len()));
        let mut y = vec![Lane::default(); x.len()];
        silu(&mut x);
        silu_and_slope(&mut slope, &mut y);
        for (i, at) in at.iter().map(|x| f64::from(*x)).enumerate() {
            let gate = 1.0 / (1.0 + (-at).exp());
            let near = |name: &str, found: f32, want: f64| {
                let error = (f64::from(found) - want).abs();
                assert!(error <= 1e-6 * (1.0 + want.abs()), "{name}({at}): {found} against {want}");
            };
            near("silu", flat(&x)[i], at * gate);
            near("silu", flat(&y)[i], at * gate);
            near("slope", flat(&slope)[i], gate * (1.0 + at * (1.0 - gate)));
        }
    }
}
