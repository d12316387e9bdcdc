//! Positive definite systems of equations, of tens to hundreds of unknowns.

use super::arithmetic::dot;

/// Replaces the lower triangle by its Cholesky factor; false when a pivot is not above `least`.
pub(crate) fn cholesky(matrix: &mut [f64], size: usize, least: f64) -> bool {
    for row in 0..size {
        for column in 0..=row {
            let (left, right) = (&matrix[row * size..][..column], &matrix[column * size..][..column]);
            let rest = matrix[row * size + column] - dot(left, right);
            if row != column {
                matrix[row * size + column] = rest / matrix[column * size + column];
            } else if rest > least {
                matrix[row * size + row] = rest.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// The solution x of A x = `right`, given the Cholesky factor of A.
pub(crate) fn solve(factor: &[f64], right: &[f64]) -> Vec<f64> {
    let size = right.len();
    let mut solution = right.to_vec();
    for row in 0..size {
        let known = dot(&factor[row * size..][..row], &solution[..row]);
        solution[row] = (solution[row] - known) / factor[row * size + row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|below| factor[below * size + row] * solution[below]).sum();
        solution[row] = (solution[row] - known) / factor[row * size + row];
    }
    solution
}
