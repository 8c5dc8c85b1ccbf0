//! A course of numbers as a line without axes.

use std::fmt;

use askama::filters::HtmlSafe;

const WIDTH: f64 = 92.0;
const HEIGHT: f64 = 30.0;
/// Room for the dot at the end and for the stroke at the edges.
const MARGIN: f64 = 3.5;

/// A sparkline; its last point is marked.
#[derive(Clone, Debug)]
pub struct Spark {
    values: Vec<f64>,
    title: String,
    unit: &'static str,
}

impl Spark {
    /// Makes a sparkline of values in order of time; values that are no number
    /// are left out.
    pub fn new(
        values: impl IntoIterator<Item = f64>,
        title: impl Into<String>,
        unit: &'static str,
    ) -> Self {
        Self {
            values: values.into_iter().filter(|v| v.is_finite()).collect(),
            title: title.into(),
            unit,
        }
    }

    fn range(&self) -> (f64, f64) {
        self.values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(*v), high.max(*v))
            })
    }

    /// Returns the points in the drawing's coordinates. A course without any
    /// change runs through the middle.
    fn points(&self) -> Vec<(f64, f64)> {
        let (low, high) = self.range();
        let steps = self.values.len().saturating_sub(1).max(1) as f64;
        let height = |value: f64| {
            if high > low {
                (high - value) / (high - low)
            } else {
                0.5
            }
        };
        self.values
            .iter()
            .enumerate()
            .map(|(i, value)| {
                let x = MARGIN + i as f64 / steps * (WIDTH - 2.0 * MARGIN);
                let y = MARGIN + height(*value) * (HEIGHT - 2.0 * MARGIN);
                (x, y)
            })
            .collect()
    }

    fn description(&self) -> String {
        let (Some(first), Some(last)) = (self.values.first(), self.values.last()) else {
            return "No values yet".to_owned();
        };
        let (low, high) = self.range();
        let unit = self.unit;
        format!(
            "From {first:.1}{unit} to {last:.1}{unit}; lowest {low:.1}{unit}, highest {high:.1}{unit}"
        )
    }
}

impl fmt::Display for Spark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::open(f, "spark", (92, 30), &self.title, &self.description())?;
        let points = self.points();
        if points.len() > 1 {
            f.write_str(r#"<polyline class="path" fill="none" stroke-width="1.8" stroke-linejoin="round" stroke-linecap="round" points=""#)?;
            for (i, (x, y)) in points.iter().enumerate() {
                write!(f, "{}{x:.1},{y:.1}", if i > 0 { " " } else { "" })?;
            }
            f.write_str(r#""/>"#)?;
        }
        if let Some((x, y)) = points.last() {
            write!(
                f,
                r#"<circle class="last" cx="{x:.1}" cy="{y:.1}" r="2.6"/>"#
            )?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Spark {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_values_are_drawn_higher() {
        let spark = Spark::new([80.0, 90.0, 85.0], "Arrival rate", " %");
        let points = spark.points();
        assert_eq!(points.len(), 3);
        assert!(points[1].1 < points[2].1 && points[2].1 < points[0].1);
        assert!(
            spark
                .to_string()
                .contains("From 80.0 % to 85.0 %; lowest 80.0 %, highest 90.0 %")
        );
    }

    #[test]
    fn every_point_stays_inside() {
        for values in [
            vec![],
            vec![5.0],
            vec![1.0, 1.0],
            vec![f64::NAN, 2.0, f64::INFINITY, -7.0],
        ] {
            for (x, y) in Spark::new(values, "t", "").points() {
                assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y));
            }
        }
        assert!(
            Spark::new([], "t", "")
                .to_string()
                .contains("No values yet")
        );
    }
}
