#!/usr/bin/python3
"""Pictures of the register under load: `make bench-plot` (gnuplot).

    tools/bench/plot.py BUILD [--sizes 1,3,10] [--seconds 8] [--keep DIR] [--draw-only]

Left: speed against the coins that lie in the register before the load, for coins of the last
million and for coins drawn evenly from all; the smallest is taken for the empty register. Right:
the server's memory over time at the largest size. Sizes are in millions. Writes
BUILD/bench/register.png, and what it shows as register_plot.json; --draw-only draws that file
again.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = """
set terminal pngcairo size 1500,620 font "DejaVu Sans,12" background rgb "#ffffff" rounded
set output "{png}"
set multiplot layout 1,2 margins 0.07,0.975,0.13,0.80 spacing 0.09,0
set label 1 "{title}" at screen 0.5,0.95 center font "DejaVu Sans,16" tc rgb "#222222"
set label 2 "{subtitle}" at screen 0.5,0.90 center font "DejaVu Sans,11" tc rgb "#777777"
set border 3 lc rgb "#999999"
set tics nomirror out scale 0.6 tc rgb "#444444"
set grid ytics lc rgb "#e6e6e6" lt 1 lw 1
set key bottom right spacing 1.3 samplen 2.5 tc rgb "#444444" opaque
set style line 1 lc rgb "#1b6ca8" lw 2.5 pt 7 ps 1.4
set style line 2 lc rgb "#d1495b" lw 2.5 pt 5 ps 1.3
set style line 3 lc rgb "#1b6ca8" lw 1.2 dt 2
set style line 4 lc rgb "#d1495b" lw 1.2 dt 2
set title "Speed and the coins that lie there" tc rgb "#222222" font "DejaVu Sans,13" offset 0,-0.4
set xlabel "unspent coins before the load" tc rgb "#444444"
set ylabel "settled a second" tc rgb "#444444" offset 0.5,0
set logscale x
set xtics ({ticks})
set format y "%.0f"
set xrange [{x_least}:{x_most}]
set yrange [0:*]
plot {empty_last} title "0.9 of the empty register" with lines ls 3, \\
     {empty_any} title "0.6 of it" with lines ls 4, \\
     $last using 1:2 title "coins of the last million" with linespoints ls 1, \\
     $any using 1:2 title "coins drawn evenly from all" with linespoints ls 2
unset logscale x
set xtics autofreq
unset label 1
unset label 2
set format x "%g"
set format y "%g"
set title "Memory of the server at saturation, {largest} coins" tc rgb "#222222" \\
    font "DejaVu Sans,13" offset 0,-0.4
set xlabel "seconds of load" tc rgb "#444444"
set ylabel "MiB" tc rgb "#444444" offset 0.5,0
set xrange [0:*]
set yrange [0:*]
plot $memory using 1:2 title "resident" with lines ls 1, \\
     $memory using 1:3 title "of it memory of no file" with lines ls 2
unset multiplot
"""


def measure(options):
    """{"last": {coins: result}, "any": {coins: result}}"""
    found = {"last": {}, "any": {}}
    path = os.path.join(options.build, "bench", "register_one.json")
    for millions in options.sizes:
        coins = round(millions * 1_000_000)
        kept = os.path.join(options.keep, f"{millions:g}-million")
        for kind, words in (("last", []), ("any", ["--old"])):
            subprocess.run([os.path.join(HERE, "register.py"), options.build, "--json", path,
                            "--only-saturation", "--seconds", str(options.seconds), "--keep", kept,
                            "--preload", str(coins), "--most-a-second", str(options.most_a_second),
                            *words], check=True, stdout=subprocess.DEVNULL)
            with open(path, encoding="ascii") as file:
                found[kind][coins] = json.load(file)
            speed = found[kind][coins]["settle_per_s"]
            print(f"{coins:12,} coins, {kind:4}: {speed:9,.0f} settled a second", flush=True)
    return found


def short(coins):
    return f"{coins / 1e6:g} million"


def draw(options, found, png):
    sizes = sorted(map(int, found["last"]))
    by = {kind: {int(coins): result for coins, result in found[kind].items()} for kind in found}
    main, empty = by["last"][sizes[-1]], by["last"][sizes[0]]["settle_per_s"]
    data = "".join(f"${kind} << EOD\n" + "".join(
        f"{coins} {result['settle_per_s']:.0f}\n" for coins, result in sorted(by[kind].items()))
        + "EOD\n" for kind in ("last", "any"))
    memory = (f"{sample['at_s']} {sample['rss_mib']} {sample['anon_mib']}\n"
              for sample in main["series"])
    data += "$memory << EOD\n" + "".join(memory) + "EOD\n"
    script = SCRIPT.format(
        png=png, title="The register under load",
        subtitle=f"closed loop over TLS, {main['wallets']:,} wallets, every answer after its "
                 f"flush; a core verifies {main['verify_ceiling_per_core']:,.0f} signatures "
                 "a second",
        ticks=", ".join(f'"{short(coins)}" {coins}' for coins in sizes),
        largest=short(sizes[-1]), x_least=sizes[0] * 0.8, x_most=sizes[-1] * 1.25,
        empty_last=0.9 * empty, empty_any=0.6 * empty)
    subprocess.run(["gnuplot"], input=data + script, text=True, check=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--sizes", default="1,3,10", help="millions of coins")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--most-a-second", type=float, default=20_000)
    parser.add_argument("--keep", help="where the central banks stay; default BUILD/bench/kept")
    parser.add_argument("--draw-only", action="store_true")
    options = parser.parse_args()
    options.sizes = sorted(float(word) for word in options.sizes.split(","))
    options.keep = options.keep or os.path.join(options.build, "bench", "kept")
    return options


def main():
    options = parse()
    folder = os.path.join(options.build, "bench")
    path, png = os.path.join(folder, "register_plot.json"), os.path.join(folder, "register.png")
    if not options.draw_only:
        found = measure(options)
        with open(path, "w", encoding="ascii") as file:
            json.dump(found, file)
    with open(path, encoding="ascii") as file:
        draw(options, json.load(file), png)
    print(os.path.relpath(png))
    return 0


if __name__ == "__main__":
    sys.exit(main())
