#!/usr/bin/python3
"""Writes made-up training files for the three example monitors, the same bytes every time.

  training.py FOLDER      writes FOLDER/fraud.csv, product-category.csv and delivery-time.csv

`make examples` fits the baselines in monitors/baselines to them.
"""
import csv
import math
import random
import sys
from pathlib import Path


def logistic(x):
    return 1 / (1 + math.exp(-x))


def fraud(random):
    """Payments: a few in a hundred are frauds, more where the account is young, the amount large, or the shop odd."""
    countries = {"DE": 0.34, "FR": 0.22, "PL": 0.16, "ES": 0.14, "IT": 0.09, "CH": 0.05}
    merchants = {"grocery": 0.3, "fashion": 0.22, "travel": 0.12, "electronics": 0.16, "games": 0.1, "gift-cards": 0.1}
    devices = {"web": ["desktop", "laptop"], "app": ["ios", "android"], "phone": ["landline"]}
    for _ in range(4000):
        amount = round(min(random.lognormvariate(3.6, 0.9), 5000), 0 if random.random() < 0.4 else 1)
        age = int(min(max(random.gauss(41, 14), 18), 95)) if random.random() > 0.01 else None
        account_days = int(random.expovariate(1 / 700))
        country = random.choices(*zip(*countries.items()))[0] if random.random() > 0.002 else None
        merchant = random.choices(*zip(*merchants.items()))[0]
        channel = random.choices(["web", "app", "phone"], [0.45, 0.5, 0.05])[0]
        risk = -9 + 1.5 * math.log(amount + 1) - account_days / 200 + (1.5 if channel == "web" else 0)
        risk += {"gift-cards": 4, "electronics": 2, "games": 1}.get(merchant, 0)
        yield {
            "amount": amount, "age": age, "account_days": account_days, "merchant": merchant, "country": country,
            "channel": channel, "device": random.choice(devices[channel]), "score": round(logistic(risk), 4),
            "is_fraud": int(random.random() < logistic(risk)),
        }


def product_category(random):
    """Products: the model names the right category nine times in ten, and mixes up the neighbours else."""
    categories = {"books": 0.3, "toys": 0.2, "garden": 0.15, "kitchen": 0.2, "sports": 0.15}
    neighbours = {"books": "toys", "toys": "sports", "garden": "kitchen", "kitchen": "garden", "sports": "toys"}
    prices = {"books": 2.6, "toys": 3.0, "garden": 3.6, "kitchen": 3.4, "sports": 3.7}
    for _ in range(3000):
        category = random.choices(*zip(*categories.items()))[0]
        tier = random.choices(["basic", "plus", "top"], [0.6, 0.3, 0.1])[0]
        mistaken = random.random() < {"basic": 0.12, "plus": 0.08, "top": 0.05}[tier]
        yield {
            "price": round(random.lognormvariate(prices[category], 0.6), 1),
            "title_words": max(1, int(random.gauss(8, 3))),
            "images": min(int(random.expovariate(0.35)) + 1, 12),
            "language": random.choices(["en", "de", "fr", "pl"], [0.5, 0.28, 0.14, 0.08])[0],
            "brand": f"{category}-{min(int(random.expovariate(0.25)), 15):02d}" if random.random() > 0.03 else None,
            "seller_tier": tier,
            "prediction": neighbours[category] if mistaken else category,
            "category": category,
        }


def delivery_time(random):
    """Deliveries: the time follows the distance, the load and the vehicle, and the model knows most of it."""
    speeds = {"bicycle": 3.4, "scooter": 2.4, "car": 2.8}
    for _ in range(3000):
        distance = round(min(random.gammavariate(2.2, 1.5), 40), 1)
        items = min(1 + int(random.expovariate(0.6)), 12)
        couriers = max(0, int(random.gauss(14, 6)))
        vehicle = random.choices(list(speeds), [0.5, 0.35, 0.15])[0]
        expected = 11 + distance * speeds[vehicle] + 0.7 * items + max(0, 10 - couriers) * 0.9
        yield {
            "distance_km": distance, "items": items, "temperature": round(random.gauss(12, 8)),
            "couriers_free": couriers, "vehicle": vehicle,
            "city": random.choices(["berlin", "hamburg", "munich"], [0.5, 0.3, 0.2])[0],
            "prediction": round(expected * 2) / 2,
            "minutes": round(max(4, expected + random.gauss(0, 3) + random.expovariate(1 / 2) - 2)),
        }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for rows in (fraud, product_category, delivery_time):
        name = rows.__name__.replace("_", "-")
        with (folder / f"{name}.csv").open("w", newline="") as file:
            made = list(rows(random.Random(name)))
            writer = csv.DictWriter(file, fieldnames=made[0])
            writer.writeheader()
            writer.writerows(made)


if __name__ == "__main__":
    main()
