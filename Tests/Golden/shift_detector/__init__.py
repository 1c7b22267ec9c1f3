"""The shift detector over whole arrays of hours, by other means than the service's, for shift.py.

The service filters hour by hour; here an innovation is what a Cholesky factor of the hours' covariance leaves. The regression is
scikit-learn's, the quantile of a tail SciPy's Lomax distribution, means by group are pandas'. Shapes: T hours, K streams, two
views (0: raw, 1: given the others), D hypotheses. An hour is a number of hours since 1970. The modules in order: streams, hours,
evidence, null.
"""
