"""The manifests of deploy/k8s: built, checked against schemas, and counted for the sizing page."""
