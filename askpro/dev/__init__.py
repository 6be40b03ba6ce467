"""Tools outside of the product: `up` runs it on one machine, `sandbox` plays its vendors, `bench` measures it.

An installation without this folder runs; nothing of the product may import from it.
"""
