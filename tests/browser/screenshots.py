"""Copy the README's pictures out of the browser lane's last run."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
RUN = ROOT / ".artefacts" / "browser"
CARD = "test_every_card_opens_and_runs_to_its_last_cell"
PICTURES = {
    "launcher": "test_the_category_has_a_card_for_each_template-Light/launcher.png",
    "runs": "test_runs_are_listed_and_their_reports_open-Light/report.png",
    "bid_tuner": f"{CARD}-02_tune_bids/panel.png",
    "replay_explorer": f"{CARD}-03_explore_replays/panel.png",
    "model_card": f"{CARD}-04_check_models/panel.png",
    "allocation_explorer": f"{CARD}-05_allocate_budget/panel.png",
    "variant_board": f"{CARD}-08_check_a_result/panel.png",
    "search_board": f"{CARD}-10_explore_variants/panel.png",
    "sql_console": f"{CARD}-09_ask_the_data/panel.png",
}
_COLORS = 128


def main() -> None:
    """Write each picture to ``docs/images``, with few colours: text stays sharp, files small."""
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in PICTURES.items():
        with Image.open(RUN / source) as picture:
            picture.convert("RGB").quantize(_COLORS).save(folder / f"{name}.png", optimize=True)
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main()
