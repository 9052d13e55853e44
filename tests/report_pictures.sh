#!/bin/sh
# Pictures of reports, to look at: each FILE.html gives FILE.png (the first screen), FILE-whole.png, FILE.pdf
# and pages of the PDF. Used by hand:
#
#   TREERING_PICTURES=/tmp/pictures cargo test --test report pictures
#   tests/report_pictures.sh /tmp/pictures/*.html
set -eu
browser=""
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then browser=$name; break; fi
done
if [ -z "$browser" ]; then
    echo "skipped: no Chromium here (apt-get install chromium)"
    exit 0
fi
if [ $# -eq 0 ]; then
    echo "skipped: name the reports (FILE.html ...)"
    exit 0
fi
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
run() {
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" "$@" >/dev/null 2>&1
}
for page in "$@"; do
    full=$(realpath "$page")
    base=${full%.html}
    run --window-size=1100,850 --screenshot="$base.png" "file://$full"
    run --window-size=1100,5200 --screenshot="$base-whole.png" "file://$full"
    run --no-pdf-header-footer --print-to-pdf="$base.pdf" "file://$full"
    if command -v pdftoppm >/dev/null 2>&1; then
        pdftoppm -r 60 -png "$base.pdf" "$base-page"
        pdftoppm -r 60 -gray -png -l 1 "$base.pdf" "$base-grey"
    fi
    echo "$base.png $base-whole.png $base.pdf"
done
