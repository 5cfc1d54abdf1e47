"""The manifests of deploy/k8s."""
