//! What a manifest says of each type of view.

use crate::field::{Field, Omitted, Type};

const NOTE: Field = Field::text("note", Omitted::Unset, "A note to the cell, in Markdown.");
const NOTE_ON_EMPTY: Field =
    Field::text("note_on_empty", Omitted::Unset, "Whether the note stands in place of results where there are none.")
        .of_type(Type::Bool);
const COLORS: Field = Field::text(
    "colors",
    Omitted::Unset,
    "The colors: strings such as `\"#31C0F6\"`, or tables with `hex` and what else is said of each: `from`, the value that it \
     begins at, `type`, `name` and `id`.",
)
.of_type(Type::List(&Type::Any));
const HEX_COLORS: Field =
    Field::text("colors", Omitted::Unset, "The colors, such as `\"#31C0F6\"`.").of_type(Type::List(&Type::Any));
const GEOM: Field = Field::text("geom", Omitted::Unset, "How lines are drawn, `line` if it is not said.")
    .of_type(Type::Choice(&["line", "step", "stepBefore", "stepAfter", "monotoneX", "stacked", "bar"]));
const HOVER: Field = Field::text("hover", Omitted::Unset, "What is pointed at: `x`, `y`, `xy` or `auto`.");
const X_COLUMN: Field = Field::text("x_column", Omitted::Unset, "The column of the x axis, `_time` if it is not said.");
const Y_COLUMN: Field =
    Field::text("y_column", Omitted::Unset, "The column of the y axis, `_value` if it is not said.");
const POSITION: Field =
    Field::text("position", Omitted::Unset, "Whether series lie over each other: `overlaid`, or `stacked`.");
const SHADE: Field =
    Field::text("shade", Omitted::Unset, "Whether the area below lines is filled.").of_type(Type::Bool);
const TIME_FORMAT: Field = Field::text("time_format", Omitted::Unset, "How times are written.");
const PREFIX: Field = Field::text("prefix", Omitted::Unset, "What stands before values.");
const SUFFIX: Field = Field::text("suffix", Omitted::Unset, "What stands after values, such as a unit.");
const TICK_PREFIX: Field = Field::text("tick_prefix", Omitted::Unset, "What stands before the values of ticks.");
const TICK_SUFFIX: Field = Field::text("tick_suffix", Omitted::Unset, "What stands after the values of ticks.");
const DECIMALS: Field =
    Field::text("decimals", Omitted::Unset, "The digits after the point, 2 if it is not said.").of_type(Type::Integer);
const ROUNDED: Field =
    Field::text("rounded", Omitted::Unset, "Whether values are shown with that many digits.").of_type(Type::Bool);
const LABEL: Field = Field::text("label", Omitted::Unset, "What the axis is called.");
const NUMBERS: Type = Type::List(&Type::Any);
const TEXTS: Type = Type::List(&Type::Text);

/// An axis of a graph.
const AXIS: &[Field] = &[
    LABEL,
    PREFIX,
    SUFFIX,
    Field::text("bounds", Omitted::Unset, "The lowest and the highest value, as strings; an empty one is found.")
        .of_type(Type::List(&Type::Text)),
    Field::text("base", Omitted::Unset, "How large numbers are abbreviated: by `10`, by `2`, or not at all.")
        .of_type(Type::Choice(&["10", "2", ""])),
    Field::text("scale", Omitted::Unset, "`linear` or `log`.").of_type(Type::Choice(&["linear", "log"])),
];
/// An axis of a plot.
const DOMAIN: &[Field] = &[
    LABEL,
    PREFIX,
    SUFFIX,
    Field::text("domain", Omitted::Unset, "The lowest and the highest value.").of_type(NUMBERS),
];

const fn axis(name: &'static str, of: &'static [Field]) -> Field {
    Field::text(name, Omitted::Unset, "The axis.").of_type(Type::Block(of))
}

const fn flag(name: &'static str, doc: &'static str) -> Field {
    Field::text(name, Omitted::Unset, doc).of_type(Type::Bool)
}

const fn columns(name: &'static str, doc: &'static str) -> Field {
    Field::text(name, Omitted::Unset, doc).of_type(TEXTS)
}

pub(super) const XY: &[Field] = &[
    GEOM,
    axis("x", AXIS),
    axis("y", AXIS),
    X_COLUMN,
    Y_COLUMN,
    POSITION,
    SHADE,
    HOVER,
    TIME_FORMAT,
    COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const LINE_SINGLE_STAT: &[Field] = &[
    axis("x", AXIS),
    axis("y", AXIS),
    X_COLUMN,
    Y_COLUMN,
    POSITION,
    SHADE,
    HOVER,
    TIME_FORMAT,
    PREFIX,
    SUFFIX,
    DECIMALS,
    ROUNDED,
    COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const BAND: &[Field] = &[
    GEOM,
    axis("x", AXIS),
    axis("y", AXIS),
    X_COLUMN,
    Y_COLUMN,
    HOVER,
    TIME_FORMAT,
    Field::text("upper_column", Omitted::Unset, "The column of the upper bound."),
    Field::text("main_column", Omitted::Unset, "The column of the line."),
    Field::text("lower_column", Omitted::Unset, "The column of the lower bound."),
    COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const SINGLE_STAT: &[Field] =
    &[PREFIX, SUFFIX, TICK_PREFIX, TICK_SUFFIX, DECIMALS, ROUNDED, COLORS, NOTE, NOTE_ON_EMPTY];
pub(super) const TABLE: &[Field] = &[
    TIME_FORMAT,
    DECIMALS,
    ROUNDED,
    flag("vertical_time", "Whether time runs downwards, which it does if nothing is said."),
    Field::text("sort_by", Omitted::Unset, "The column to sort by."),
    Field::text("wrapping", Omitted::Unset, "What becomes of long texts: `truncate`, `wrap` or `single-line`."),
    flag("fix_first_column", "Whether the first column stays in sight."),
    COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const HEATMAP: &[Field] = &[
    axis("x", DOMAIN),
    axis("y", DOMAIN),
    X_COLUMN,
    Y_COLUMN,
    TIME_FORMAT,
    Field::text("bin_size", Omitted::Unset, "The width of a bin in pixels, 10 if it is not said.")
        .of_type(Type::Integer),
    HEX_COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const SCATTER: &[Field] = &[
    axis("x", DOMAIN),
    axis("y", DOMAIN),
    X_COLUMN,
    Y_COLUMN,
    TIME_FORMAT,
    columns("fill", "The columns that give the color."),
    columns("symbols", "The columns that give the symbol."),
    HEX_COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const MOSAIC: &[Field] = &[
    axis("x", DOMAIN),
    axis("y", DOMAIN),
    X_COLUMN,
    HOVER,
    TIME_FORMAT,
    columns("fill", "The columns that give the color."),
    columns("series", "The columns that give the series."),
    columns("y_labels", "The columns that the labels of series are made of."),
    Field::text("y_separator", Omitted::Unset, "What stands between these."),
    HEX_COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const HISTOGRAM: &[Field] = &[
    axis("x", &[LABEL, Field::text("domain", Omitted::Unset, "The lowest and the highest value.").of_type(NUMBERS)]),
    Field::text("x_column", Omitted::Unset, "The column of the values, `_value` if it is not said."),
    columns("fill", "The columns that give the color."),
    POSITION,
    Field::text("bins", Omitted::Unset, "The number of bins, 30 if it is not said.").of_type(Type::Integer),
    COLORS,
    NOTE,
    NOTE_ON_EMPTY,
];
pub(super) const GEO: &[Field] = &[NOTE, NOTE_ON_EMPTY];
