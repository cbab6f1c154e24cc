from facetrack.figures.accessory_bars import (
    AccessoryPage,
    EffectBars,
    ExamplePair,
    ExampleRow,
    draw_accessories,
    render_accessory_page,
)
from facetrack.figures.canvas import encode_png
from facetrack.figures.comparison import (
    describe_difference,
    describe_models,
    format_comparison_csv,
    format_comparison_markdown,
    format_models_csv,
    format_models_markdown,
)
from facetrack.figures.curves import Point, draw_curves, plot_curves, render_curves_page
from facetrack.figures.encoding import encode_picture
from facetrack.figures.error_pages import ErrorPage, Listing, render_error_page
from facetrack.figures.group_intervals import GroupScores, draw_groups
from facetrack.figures.growth_curves import Size, draw_growth, format_growth_csv
from facetrack.figures.knn_curves import draw_accuracies
from facetrack.figures.model_bars import draw_models
from facetrack.figures.pages import render_page
from facetrack.figures.radius_study import RadiusStudy, draw_radius_study, plot_radius_study
from facetrack.figures.study_plots import PlotsPage, render_plots_page
from facetrack.figures.table import (
    escape_html,
    escape_markdown,
    format_csv,
    format_markdown,
    format_results_csv,
    format_results_markdown,
    format_results_text,
    make_printable,
    rank_rows,
)
from facetrack.figures.table1 import (
    Beside,
    Entry,
    Table1,
    format_table1_csv,
    format_table1_latex,
    format_table1_markdown,
)
from facetrack.figures.tsne import draw_tsne, format_label
from facetrack.figures.tsne_pages import Sheet, TsnePage, render_tsne_page
from facetrack.figures.tsne_png import draw_tsne_png
from facetrack.figures.verification_curves import (
    Curve,
    draw_verification,
    plot_verification,
    render_verification_page,
)

__all__ = [
    "AccessoryPage",
    "Beside",
    "Curve",
    "EffectBars",
    "Entry",
    "ErrorPage",
    "ExamplePair",
    "ExampleRow",
    "GroupScores",
    "Listing",
    "PlotsPage",
    "Point",
    "RadiusStudy",
    "Sheet",
    "Size",
    "Table1",
    "TsnePage",
    "describe_difference",
    "describe_models",
    "draw_accessories",
    "draw_accuracies",
    "draw_curves",
    "draw_groups",
    "draw_growth",
    "draw_models",
    "draw_radius_study",
    "draw_tsne",
    "draw_tsne_png",
    "draw_verification",
    "encode_picture",
    "encode_png",
    "escape_html",
    "escape_markdown",
    "format_comparison_csv",
    "format_comparison_markdown",
    "format_csv",
    "format_growth_csv",
    "format_label",
    "format_markdown",
    "format_models_csv",
    "format_models_markdown",
    "format_results_csv",
    "format_results_markdown",
    "format_results_text",
    "format_table1_csv",
    "format_table1_latex",
    "format_table1_markdown",
    "make_printable",
    "plot_curves",
    "plot_radius_study",
    "plot_verification",
    "rank_rows",
    "render_accessory_page",
    "render_curves_page",
    "render_error_page",
    "render_page",
    "render_plots_page",
    "render_tsne_page",
    "render_verification_page",
]
